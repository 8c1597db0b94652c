"""One set of HTTP client settings in every place that has them: scrapes, remote write, datasource, Alertmanagers and
receivers, against a TLS server that wants a client certificate, behind a proxy, with tokens of an OAuth 2.0 server."""

import base64
import http.server
import json
import os
import select
import socket
import socketserver
import ssl
import subprocess
import threading
import unittest
import urllib.parse

from support import PROGRAM, Stage, get, wait_for

SETTINGS = """
    oauth2:
      client_id: tocsin
      client_secret_file: client-secret
      token_url: http://127.0.0.1:{token_port}/token
      scopes: [metrics]
      endpoint_params: {{audience: backend}}
    tls_config: {{ca_file: ca.pem, cert_file: client.pem, key_file: client.key, min_version: TLS12}}
    http_headers:
      X-Team: {{values: [risk]}}
      X-Secret: {{secrets: [hush-header]}}
      X-From-File: {{files: [header]}}
    proxy_url: http://user:hush-proxy@127.0.0.1:{proxy_port}
    proxy_connect_header: {{X-Proxy: [hush-connect]}}
    follow_redirects: true
    enable_http2: false
"""
CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
scrape_configs:
  - job_name: backend
    scheme: https
    static_configs: [{{targets: ["backend.internal:{port}"]}}]
    <<: &http
{settings}
remote_write:
  - {{url: "https://backend.internal:{port}/write", queue_config: {{batch_send_deadline: 100ms}}, <<: *http}}
rule_files: [rules.yml]
rules:
  datasource: {{url: "https://backend.internal:{port}/source", <<: *http}}
alerting:
  alertmanagers:
    - {{scheme: https, path_prefix: /peer, static_configs: [{{targets: ["backend.internal:{port}"]}}], <<: *http}}
alertmanager:
  route: {{receiver: hook, group_wait: 0s}}
  receivers:
    - name: hook
      webhook_configs: [{{url: "https://backend.internal:{port}/hook", http_config: *http}}]
"""
ANSWERS = {
    "/metrics": ("text/plain; version=0.0.4", b"seen 1\n"),
    "/source/api/v1/query": ("application/json", json.dumps({
        "status": "success",
        "data": {"resultType": "vector", "result": [{"metric": {"job": "x"}, "value": [0, "1"]}]}}).encode()),
}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer, context=None):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                peer = self.connection.getpeercert() if context else {}
                status, kind, text = answer(self.path.partition("?")[0], dict(self.headers), body, peer)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = handle_one

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # refused handshakes are part of the test


class Proxy(socketserver.ThreadingTCPServer):
    """Tunnels CONNECT to 127.0.0.1, whatever the host's name is, and keeps the requests' heads."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        self.heads = heads = []

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                head = b""
                while b"\r\n\r\n" not in head:
                    more = self.request.recv(65536)
                    if not more:
                        return
                    head += more
                heads.append(head.decode())
                try:
                    self.tunnel(head)
                except OSError:
                    pass  # an end that is gone

            def tunnel(self, head):
                port = int(head.split(b" ")[1].rpartition(b":")[2])
                with socket.create_connection(("127.0.0.1", port)) as far:
                    self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    ends = {self.request: far, far: self.request}
                    while True:
                        for end in select.select(list(ends), [], [])[0]:
                            data = end.recv(65536)
                            if not data:
                                return
                            ends[end].sendall(data)

        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class HttpSettingsTest(Stage):
    def setUp(self):
        super().setUp()
        self.make_certificates()
        self.write("client-secret", "hush-client\n")
        self.write("header", "from file\n")
        self.write("rules.yml", "groups: [{name: g, rules: [{alert: Always, expr: 'up'}]}]\n")
        self.requests, self.tokens = [], []

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("server.pem"), self.path("server.key"))
        context.load_verify_locations(self.path("ca.pem"))
        context.verify_mode = ssl.CERT_REQUIRED
        self.backend = Server(self.answer, context)
        self.token_server = Server(self.issue)
        self.proxy = Proxy()
        for server in (self.backend, self.token_server, self.proxy):
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=self.folder, capture_output=True)

    def make_certificates(self):
        """An authority of our own, a certificate of the server and one of the client; and another authority."""
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for name in ("ca", "other-ca"):
            self.openssl("req", "-x509", *key, "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out",
                         f"{name}.pem")
        for name in ("server", "client"):
            self.write(f"{name}.ext", "subjectAltName=DNS:backend.internal\n")
            self.openssl("req", "-new", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
            self.openssl("x509", "-req", "-days", "2", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                         "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem")

    def answer(self, path, headers, _body, peer):
        self.requests.append((path, headers, peer))
        kind, text = ANSWERS.get(path, ("text/plain", b"ok"))
        return 200, kind, text

    def issue(self, _path, headers, body, _peer):
        self.tokens.append((headers, urllib.parse.parse_qs(body.decode())))
        token = {"access_token": "hush-token", "token_type": "bearer", "expires_in": 3600}
        return 200, "application/json", json.dumps(token).encode()

    def config(self):
        settings = SETTINGS.format(token_port=self.token_server.port, proxy_port=self.proxy.port)
        return CONFIG.format(port=self.backend.port, settings=settings.replace("\n    ", "\n      "))

    def seen(self, path):
        return [request for request in list(self.requests) if request[0] == path]

    def test_every_client_takes_the_same_settings(self):
        process, url = self.start_tocsin(self.config())
        for path in ("/metrics", "/write", "/source/api/v1/query", "/peer/api/v2/alerts", "/hook"):
            with self.subTest(path):
                _, headers, peer = wait_for(lambda path=path: self.seen(path), what=path)[0]
                self.assertEqual(headers["Authorization"], "Bearer hush-token")
                self.assertEqual(headers["X-Team"], "risk")
                self.assertEqual(headers["X-Secret"], "hush-header")
                self.assertEqual(headers["X-From-File"], "from file")
                self.assertIn(((("commonName", "client"),),), [peer["subject"]])
        headers, form = self.tokens[0]
        self.assertEqual(headers["Authorization"], "Basic " + base64.b64encode(b"tocsin:hush-client").decode())
        self.assertEqual(form, {"grant_type": ["client_credentials"], "scope": ["metrics"], "audience": ["backend"]})
        self.assertEqual(len(self.tokens), 1, "one token serves all clients")
        login = base64.b64encode(b"user:hush-proxy").decode()
        for head in self.proxy.heads:
            self.assertIn(f"CONNECT backend.internal:{self.backend.port} ", head)
            self.assertIn("X-Proxy: hush-connect\r\n", head)
            self.assertIn(f"Proxy-Authorization: Basic {login}\r\n", head)
            self.assertNotIn("risk", head)
        shown = get(f"{url}/api/v1/status/config")[2] + get(f"{url}/api/v2/status")[2] + process.tail(10_000)
        self.assertIn("token_url", shown)
        self.assertNotIn("hush", shown)

    def test_files_count_as_they_are_now(self):
        _, url = self.start_tocsin(self.config())

        def last_error():
            targets = json.loads(get(f"{url}/api/v1/targets")[2])["data"]["activeTargets"]
            return [t["lastError"] for t in targets if t["scrapePool"] == "backend" and t["health"] != "unknown"]

        wait_for(lambda: last_error() == [""], what="a scrape")
        os.rename(self.path("ca.pem"), self.path("own-ca.pem"))
        os.rename(self.path("other-ca.pem"), self.path("ca.pem"))
        wait_for(lambda: "certificate" in "".join(last_error()), what="a scrape that does not trust the server")
        os.rename(self.path("own-ca.pem"), self.path("ca.pem"))
        wait_for(lambda: last_error() == [""], what="a scrape that trusts it again")
        os.remove(self.path("header"))
        wait_for(lambda: "header\": No such file" in "".join(last_error()), what="a scrape without its header")

    def test_targets_that_are_urls_are_probed(self):
        """The documented use of the blackbox exporter, with targets from an HTTP server and from the file."""
        probes = []

        def answer(path, headers, _body, _peer):
            if path == "/sd":
                allowed = headers.get("Authorization") == "Basic " + base64.b64encode(b"u:p").decode()
                groups = [{"targets": ["https://found.example.com/x"], "labels": {"via": "http"}}]
                return 200 if allowed else 401, "application/json", json.dumps(groups).encode()
            probes.append(path)
            return 200, "text/plain; version=0.0.4", b"probe_success 1\n"

        exporter = Server(answer)
        self.addCleanup(exporter.server_close)
        self.addCleanup(exporter.shutdown)
        _, url = self.start_tocsin(f"""
scrape_configs:
  - job_name: probes
    scrape_interval: 1s
    scrape_timeout: 1s
    metrics_path: /probe
    params: {{module: [http_2xx]}}
    static_configs: [{{targets: ["https://shop.example.com/health"]}}]
    http_sd_configs: [{{url: "http://127.0.0.1:{exporter.port}/sd", basic_auth: {{username: u, password: p}}}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{source_labels: [instance], regex: '(?P<scheme>[a-z]+)://(?P<host>[^/]+)/.*', target_label: host,
         replacement: '${{host}}'}}
      - {{target_label: __address__, replacement: '127.0.0.1:{exporter.port}'}}
""")

        def probed():
            targets = json.loads(get(f"{url}/api/v1/targets")[2])["data"]["activeTargets"]
            return sorted((t["labels"]["instance"], t["labels"]["host"], t["labels"].get("via"), t["scrapeUrl"])
                          for t in targets if t["scrapePool"] == "probes" and t["health"] == "up")

        at = f"http://127.0.0.1:{exporter.port}/probe?module=http_2xx&target=https%3A%2F%2F"
        expected = [("https://found.example.com/x", "found.example.com", "http", f"{at}found.example.com%2Fx"),
                    ("https://shop.example.com/health", "shop.example.com", None, f"{at}shop.example.com%2Fhealth")]
        wait_for(lambda: probed() == expected, what="two probes")
        self.assertEqual(set(probes), {"/probe"})

    def test_mistakes_name_their_place(self):
        cases = {
            "oauth2: {client_id: a}": "scrape_configs[0].oauth2: oauth2 token_url must be configured",
            "{oauth2: {client_id: a, token_url: 'http://t'}, basic_auth: {username: a}}":
                "scrape_configs[0]: at most one of basic_auth, authorization, oauth2",
            "tls_config: {cert_file: a}": "scrape_configs[0].tls_config: a client certificate needs its key",
            "tls_config: {min_version: SSL3}": "scrape_configs[0].tls_config.min_version: unknown TLS version \"SSL3\"",
            "no_proxy: a": "scrape_configs[0]: if no_proxy is configured, proxy_url must also be configured",
            "http_headers: {Host: {values: [a]}}": "scrape_configs[0].http_headers.Host: setting header \"Host\"",
        }
        for settings, complaint in cases.items():
            with self.subTest(settings):
                text = settings[1:-1] if settings.startswith("{") else settings
                file = self.write("bad.yml", f"scrape_configs: [{{job_name: a, {text}}}]\n")
                check = subprocess.run([PROGRAM, "check", "config", file], capture_output=True, text=True)
                self.assertEqual(check.returncode, 2)
                self.assertIn(complaint, check.stderr)


if __name__ == "__main__":
    unittest.main()
