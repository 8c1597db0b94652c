"""Every link in a message leads to a page: external URL, route prefix and the pages behind them, for each role."""

import html
import json
import os
import re
import socket
import unittest
import urllib.error
import urllib.parse
import urllib.request

from support import PROGRAM, ROOT, Stage, free_port, get, get_json, wait_for

RULES = """
groups:
  - name: g
    rules:
      - {alert: Always, expr: 'vector(9) > 5', labels: {severity: critical}, annotations: {summary: "<script>alert(1)</script>"}}
"""

CONFIG = """
global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}
rule_files: ["{rules}"]
thresholds:
  - name: Memory
    value: process_resident_memory_bytes
    unit: bytes
    warning: "> 1kB"
    critical: "> 1000GB"
    runbook: {runbook}
alertmanager:
  global: {{smtp_smarthost: "127.0.0.1:{smtp}", smtp_from: tocsin@example.com, smtp_require_tls: false}}
  route: {{receiver: "risk team", group_by: [alertname], group_wait: 200ms, group_interval: 1s}}
  receivers:
    - name: risk team
      slack_configs: [{{api_url: "http://127.0.0.1:{http}/slack", channel: "#risk"}}]
      email_configs: [{{to: "cfo@example.com"}}]
      webhook_configs: [{{url: "http://127.0.0.1:{http}/hook"}}]
"""

PAGE = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
URL = re.compile(r"https?://[^\s\"'<>|\\]+")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def status_of(url, headers=None):
    """(status, Location) without following it."""
    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(urllib.request.Request(url, headers=headers or {}), timeout=10) as answer:
            return answer.status, answer.headers.get("Location")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Location")


def links_of(page):
    return [html.unescape(link) for link in re.findall(r'(?:href|action)="([^"]*)"', page)]


class LinksTest(Stage):
    def assert_page(self, url):
        status, headers, body = get(url, PAGE)
        self.assertEqual((url, status, headers["Content-Type"]), (url, 200, "text/html; charset=utf-8"))
        self.assertIn("default-src 'none'; style-src 'self'", headers["Content-Security-Policy"])
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        for forbidden in ("<script", "style=", "javascript:", " on"+"click"):
            self.assertNotIn(forbidden, body.lower())
        return body

    def assert_links(self, base, body, prefix):
        """Every link of the page to the server itself starts with the prefix and leads somewhere."""
        own = [link for link in links_of(body) if link.startswith("/")]
        self.assertTrue(own)
        for link in own:
            self.assertTrue(link.startswith(prefix + "/"), link)
            self.assertIn(status_of(base + link, PAGE)[0], (200, 302), link)

    def start_role(self, command, config, flags=()):
        file = self.write(f"{command}.yml", config)
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        prefix = next((f"/{f.split('/', 3)[3].strip('/')}" for f in flags if f.startswith("--web.external-url=http")), "")
        self.start(command, [PROGRAM, command, f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}",
                             f"--storage.path={self.path(command + '-data')}",
                             *[flag.replace("PORT", str(port)) for flag in flags]], f"{base}{prefix}/-/ready")
        return base

    def test_every_link_of_every_message_answers(self):
        http, requests = self.start_sink("http", "http_sink.py")
        smtp, mails = self.start_sink("smtp", "smtp_sink.py")
        runbook = f"http://127.0.0.1:{http}/runbook"
        rules = self.write("rules.yml", RULES)
        base = self.start_role("run", CONFIG.format(rules=rules, http=http, smtp=smtp, runbook=runbook),
                               ["--web.external-url=http://127.0.0.1:PORT/mon/itor/"])
        def bodies(path):
            return [request["body"] for request in requests() if request["path"] == path]
        both = {"Always", "Memory"}
        wait_for(lambda: all(name in "".join(bodies("/hook")) for name in both), what="both webhooks")
        wait_for(lambda: all(name in "".join(bodies("/slack")) for name in both), what="both Slack messages")
        wait_for(lambda: all(name in json.dumps(mails()) for name in both), what="both mails")
        texts = [json.dumps(json.loads(body), ensure_ascii=False) for body in bodies("/hook") + bodies("/slack")]
        texts += [mail[part] for mail in mails() for part in ("text", "html")]
        texts = [html.unescape(text) for text in texts]
        for text in texts:
            self.assertIn(f"{base}/mon/itor/", text, "a message of every kind links to its source")
        hook = json.loads(bodies("/hook")[0])
        self.assertEqual(hook["externalURL"], f"{base}/mon/itor")
        urls = {url.rstrip(".,") for text in texts for url in URL.findall(text)}
        own = sorted(url for url in urls if url.startswith(base))
        self.assertIn(f"{base}/mon/itor/graph?g0.expr=vector%289%29+%3E+5&g0.tab=1", own)
        self.assertIn(f"{base}/mon/itor/#/alerts?receiver=risk+team", own)
        self.assertEqual({url for url in urls if not url.startswith(base)}, {runbook})
        for url in own:
            body = self.assert_page(url)
            self.assert_links(base, body, "/mon/itor")
            fragment = urllib.parse.urlsplit(url).fragment
            if fragment:
                self.assertIn(f'id="{fragment}"', body)
        self.assertEqual(status_of(runbook)[0], 200)
        api = get_json(f"{base}/mon/itor/api/v2/alerts")
        self.assertEqual({alert["generatorURL"].split("?")[0] for alert in api}, {f"{base}/mon/itor/graph"})

        # the page says what is wrong, by how much, and since when
        page = self.assert_page(next(alert["generatorURL"] for alert in api if alert["labels"]["alertname"] == "Memory"))
        for part in ("process_resident_memory_bytes", '<strong class="state firing">firing</strong> Memory',
                     "<dd>&gt; 1kB</dd>", "<td>&gt; 1000000000000 bytes</td>", "<h2>History</h2>", "none →", runbook):
            self.assertIn(part, page)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", self.assert_page(f"{base}/mon/itor/alerts"))

    def test_the_prefix_holds_for_every_role(self):
        minimal = {"run": "collectors: {}\n", "rules": "global: {}\n", "exporter": "collectors: {}\n",
                   "alertmanager": "route: {receiver: none}\nreceivers: [{name: none}]\n"}
        known = {"run": "/graph", "rules": "/alerts", "exporter": "/metrics", "alertmanager": "/api/v2/status"}
        for command, config in minimal.items():
            with self.subTest(command):
                base = self.start_role(command, config, ["--web.external-url=http://tocsin.example.com/a/b/"])
                self.assertEqual(status_of(f"{base}/"), (302, "/a/b"))
                for path in (known[command], "/-/healthy", "/metrics", "/tocsin.css", "/endpoints"):
                    self.assertEqual(status_of(f"{base}/a/b{path}")[0], 200, path)
                    self.assertEqual(status_of(f"{base}{path}")[0], 404, path)
                for path in ("/a/b", "/a/b/"):
                    status, headers, text = get(base + path)
                    self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; charset=utf-8"))
                    self.assertIn(f"/a/b{known[command]} ", text)
                    self.assert_links(base, self.assert_page(base + path), "/a/b")

    def test_a_proxy_may_take_the_path_off(self):
        base = self.start_role("rules", "global: {}\n", ["--web.external-url=/mon", "--web.route-prefix=/"])
        self.assertEqual(status_of(f"{base}/", PAGE), (302, "/mon/alerts"))
        self.assertEqual(links_of(self.assert_page(f"{base}/alerts"))[0], "/mon/tocsin.css")

    def test_without_a_url_links_lead_to_the_hosts_name(self):
        rules = self.write("rules.yml", RULES)
        http, requests = self.start_sink("http", "http_sink.py")
        process, base = self.start_tocsin(f"""
global: {{evaluation_interval: 500ms}}
rule_files: ["{rules}"]
alertmanager:
  route: {{receiver: a, group_wait: 200ms}}
  receivers: [{{name: a, webhook_configs: [{{url: "http://127.0.0.1:{http}/"}}]}}]
""")
        hook = json.loads(wait_for(requests, what="the webhook")[0]["body"])
        own = f"http://{socket.gethostname()}:{base.rsplit(':', 1)[1]}"
        self.assertEqual(hook["externalURL"], own)
        self.assertTrue(hook["alerts"][0]["generatorURL"].startswith(f"{own}/graph?g0.expr="))
        self.assertIn(f"url={own}", process.tail(100))

    def test_a_url_that_makes_no_links_is_refused(self):
        for url in ("localhost:9090", "ftp://example.com", "http://example.com/?a=b"):
            result = self.run_program("run", f"--web.external-url={url}", f"--config.file={self.path('none')}")
            self.assertEqual(result.returncode, 2)
            self.assertTrue(result.stderr.startswith(f'tocsin: --web.external-url: "{url}" '), result.stderr)

    def test_every_role_listens_on_loopback_unless_told(self):
        for command in ("run", "exporter", "rules", "alertmanager"):
            help_text = self.run_program(command, "--help").stdout
            address = re.search(r"--web\.listen-address.*?default: (\S+?)\)", help_text, re.S).group(1)
            self.assertTrue(address.startswith("127.0.0.1:"), f"{command}: {address}")
        with open(os.path.join(ROOT, "SECURITY.md")) as file:
            self.assertIn("by default on\n  loopback", file.read())

    def test_mistakes_of_a_reader_are_sentences(self):
        base = self.start_role("rules", "global: {}\n")
        def problem(query):
            status, _, body = get(f"{base}/graph?{query}", PAGE)
            return status, html.unescape(re.search(r'<p class="problem">(.*?)</p>', body, re.S).group(1))
        self.assertEqual(problem("g0.expr=sum(%3Cb%3E")[0], 400)
        self.assertIn("The expression does not parse: 1:5", problem("g0.expr=sum(%3Cb%3E")[1])
        self.assertEqual(problem("g0.expr=up&g0.moment_input=noon"),
                         (400, 'The time "noon" cannot be read. Write it as 2026-12-01 14:40:00, in UTC.'))


if __name__ == "__main__":
    unittest.main()
