"""From a row in a real PostgreSQL to Slack, e-mail, a webhook and a real Alertmanager, and back to quiet."""

import json
import subprocess
import unittest

from support import Stage, get, get_json, post, wait_for

CONFIG = """
global: {{scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 500ms, external_labels: {{site: test}}}}
collectors:
  targets:
    - {{name: app, url: "postgresql://postgres@127.0.0.1:{pg}/postgres", password_file: "{password_file}"}}
  sql:
    - name: kpi
      query: SELECT segment, value FROM kpi
      metrics:
        - {{name: kpi_par_90_percent, type: gauge, help: "PAR 90.", labels: [segment], value: value}}
thresholds:
  - name: PAR_90
    value: kpi_par_90_percent
    unit: percent
    target: "< 3"
    warning: "> 3"
    critical: "> 5"
    labels: {{team: risk}}
    runbook: https://runbooks.example.com/par-90
alerting:
  alertmanagers: [{{static_configs: [{{targets: ["{alertmanager}"]}}]}}]
alertmanager:
  global: {{smtp_smarthost: "127.0.0.1:{smtp}", smtp_from: tocsin@example.com, smtp_auth_username: mail, smtp_auth_password_file: "{mail_password}", smtp_tls_config: {{ca_file: "{ca}"}}}}
  route: {{receiver: everyone, group_by: [alertname, segment], group_wait: 200ms, group_interval: 500ms, repeat_interval: 1h}}
  receivers:
    - name: everyone
      slack_configs: [{{api_url: "http://127.0.0.1:{http}/slack/T0/B0/secret-part", channel: "#risk-monitoring", send_resolved: true, mention: {{critical: "<!here>"}}}}]
      email_configs: [{{to: "cfo@example.com", send_resolved: true}}]
      webhook_configs: [{{url: "http://127.0.0.1:{http}/hook", send_resolved: true}}]
"""


class AlertsTest(Stage):
    def setUp(self):
        super().setUp()
        self.cluster = self.start_cluster()
        self.sql("CREATE TABLE kpi (segment text, value double precision); INSERT INTO kpi VALUES ('sme', 1), ('retail', 1)")
        certificate, key = self.path("cert.pem"), self.path("key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        self.http, self.requests = self.start_sink("http", "http_sink.py", "--path-script",
                                                   "/slack=429:1:retry-after=1,500:1,200", "--script", "200")
        self.smtp, self.mails = self.start_sink("smtp", "smtp_sink.py", "--tls-cert", certificate, "--tls-key", key,
                                                "--auth", "mail:pass-word", "--fail", "451:1")
        self.alertmanager = self.start_alertmanager("route: {receiver: none}\nreceivers: [{name: none}]\n")
        self.process, self.url = self.start_tocsin(CONFIG.format(
            pg=self.cluster.port, password_file=self.write("password", self.cluster.passwords["postgres"]),
            alertmanager=self.alertmanager.removeprefix("http://"), smtp=self.smtp, http=self.http, ca=certificate,
            mail_password=self.write("mail_password", "pass-word")))

    def sql(self, statement):
        return self.cluster.psql(statement, database="postgres")

    def slack(self):
        return [json.loads(r["body"]) for r in self.requests() if r["path"].startswith("/slack") and r["answer"] == "200"]

    def hooks(self):
        return [json.loads(r["body"]) for r in self.requests() if r["path"] == "/hook"]

    def test_one_breach_reaches_everyone_and_its_end_does_too(self):
        self.sql("UPDATE kpi SET value = 3.5 WHERE segment = 'sme'")
        first = wait_for(self.hooks, what="the webhook")[0]
        self.assertEqual((first["version"], first["status"], first["groupLabels"]),
                         ("4", "firing", {"alertname": "PAR_90", "segment": "sme"}))
        labels = first["alerts"][0]["labels"]
        self.assertEqual((labels["severity"], labels["team"], labels["site"]), ("warning", "risk", "test"))
        message = wait_for(self.slack, what="the Slack message, after a 429 and a 500")[0]
        whole = json.dumps(message)
        self.assertIn("PAR_90", message["text"])
        self.assertIn("https://runbooks.example.com/par-90", whole)
        self.assertIn("3.5", whole)
        self.assertNotIn("<!here>", whole)
        answers = [r["answer"] for r in self.requests() if r["path"].startswith("/slack")]
        self.assertEqual(answers[:3], ["429", "500", "200"])
        mail = wait_for(self.mails, what="the e-mail, after a 451")[0]
        self.assertTrue(mail["tls"])
        self.assertEqual(mail["to"], ["cfo@example.com"])
        self.assertIn("PAR_90", dict(mail["headers"])["Subject"])
        self.assertIn("PAR_90", mail["text"])
        self.assertIn("PAR_90", mail["html"])
        alerts = wait_for(lambda: get_json(f"{self.alertmanager}/api/v2/alerts"), what="the real Alertmanager's alert")
        self.assertEqual([a["labels"]["severity"] for a in alerts], ["warning"])

        # critical silences the warning: one more message, and it calls for people
        self.sql("UPDATE kpi SET value = 7 WHERE segment = 'sme'")
        critical = wait_for(lambda: [h for h in self.hooks() if any(a["labels"]["severity"] == "critical" for a in h["alerts"])],
                            what="the critical webhook")[-1]
        self.assertEqual([a["labels"]["severity"] for a in critical["alerts"] if a["status"] == "firing"], ["critical"])
        wait_for(lambda: any("<!here>" in json.dumps(m) for m in self.slack()), what="the mention")
        wait_for(lambda: len(get_json(f"{self.url}/api/v1/alerts")["data"]["alerts"]) == 2, what="both alerts")

        self.sql("UPDATE kpi SET value = 1")
        wait_for(lambda: self.hooks()[-1]["status"] == "resolved", what="the resolved webhook")
        wait_for(lambda: "resolved" in json.dumps(self.slack()[-1]).lower(), what="the resolved Slack message")
        wait_for(lambda: "RESOLVED" in json.dumps(self.mails()[-1]["headers"]), what="the resolved e-mail")
        wait_for(lambda: get_json(f"{self.alertmanager}/api/v2/alerts") == [], what="quiet at the real Alertmanager")
        for text in (self.process.tail(10000), get(f"{self.url}/metrics")[2]):
            self.assertNotIn("secret-part", text)
            self.assertNotIn("pass-word", text)

    def test_limits_and_self_metrics_are_on_the_page(self):
        page = wait_for(lambda: (p := get(f"{self.url}/metrics")[2]) and "prometheus_rule_evaluations_total" in p and p,
                        what="the rule metrics")
        for name in ("pg_", "kpi_par_90_percent", "tocsin_collector_success", "process_resident_memory_bytes",
                     "tocsin_build_info", "alertmanager_alerts"):
            self.assertIn(name, page)
        groups = get_json(f"{self.url}/api/v1/rules")["data"]["groups"]
        names = [rule["name"] for group in groups for rule in group["rules"]]
        self.assertIn("tocsin_threshold_limit", names)
        result = subprocess.run(["promtool", "check", "metrics"], input=page, text=True, capture_output=True)
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_a_bad_reload_keeps_the_old_rules_running(self):
        path = self.path("tocsin.yml")
        with open(path) as file:
            good = file.read()
        with open(path, "w") as file:
            file.write(good.replace('critical: "> 5"', 'critical: "> five"'))
        status, answer = post(f"{self.url}/-/reload")
        self.assertEqual(status, 500)
        self.assertRegex(answer, r"tocsin\.yml:\d+:\d+: thresholds\[0\]\.critical: ")
        page = get(f"{self.url}/metrics")[2]
        self.assertIn("tocsin_config_last_reload_successful 0", page)
        self.sql("UPDATE kpi SET value = 6 WHERE segment = 'retail'")
        wait_for(self.hooks, what="a webhook under the old rules")
        with open(path, "w") as file:
            file.write(good)
        self.assertEqual(post(f"{self.url}/-/reload")[0], 200)
        self.assertIn("tocsin_config_last_reload_successful 1", get(f"{self.url}/metrics")[2])


if __name__ == "__main__":
    unittest.main()
