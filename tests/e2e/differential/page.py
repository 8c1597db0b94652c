"""A target to scrape. What it shows stays the same, but for what is taken away on request."""

import http.server
import threading

PAGE = """# HELP page_requests_total Requests, with a "quote", a \\\\ and a\\nbreak.
# TYPE page_requests_total counter
page_requests_total{path="/",code="200"} 1027
page_requests_total{path="/a\\"b\\\\c\\nd",code="500"} 3
# TYPE page_heat gauge
# HELP page_heat Degrees.
page_heat{place="here"} -1.5e-7
page_heat{place="there"} NaN
page_heat{place="up"} +Inf
page_heat{place="down"} -Inf
page_heat{place="été"} 1.7976931348623157e+308
# TYPE page_seconds histogram
page_seconds_bucket{le="0.1"} 3
page_seconds_bucket{le="1"} 5
page_seconds_bucket{le="+Inf"} 6
page_seconds_sum 4.25
page_seconds_count 6
# TYPE page_size summary
page_size{quantile="0.5"} 12
page_size{quantile="0.99"} 99.5
page_size_sum 1234
page_size_count 77
# TYPE page_plain untyped
page_plain 16
page_bare{job="own",instance="own",zone=""} 7
page_dropped 1
"""
DOTTED = '{"page.dotted", "a.b"="c"} 8\n'
VANISHING = "page_vanishing 1\npage_vanishing{which=\"two\"} 2\n"


class Page:
    """`dotted`: with a name that Prometheus 2 cannot read."""

    def __init__(self, dotted=True):
        page = self
        always = PAGE + (DOTTED if dotted else "")
        self.complete = True

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = (always + (VANISHING if page.complete else "")).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
