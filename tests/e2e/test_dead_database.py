"""A database that dies under each configuration we hand out: somebody hears of it, and of its return, once."""

import json
import os
import re
import shutil
import tempfile
import unittest
import urllib.parse

import yaml

from support import ROOT, Stage, get_json, wait_for

from cluster import Cluster, working_folder  # noqa: E402

# The variables that name a receiver's address.
SINKS = ("SLACK_WEBHOOK_URL", "ONCALL_WEBHOOK_URL", "SLACK_RISK_MONITORING_URL", "SLACK_EXECUTIVE_BRIEFING_URL",
         "SLACK_COMPLIANCE_TEAM_URL", "SLACK_DEVOPS_ALERTS_URL")


def read_text(*path):
    with open(os.path.join(ROOT, *path)) as file:
        return file.read()


def readme_example():
    """The YAML that README.md tells to put into tocsin.yml."""
    blocks = re.findall(r"^   ```yaml\n(.*?)^   ```$", read_text("README.md"), re.MULTILINE | re.DOTALL)
    if len(blocks) != 1:
        raise AssertionError(f"README.md holds {len(blocks)} examples")
    return re.sub(r"^   ", "", blocks[0], flags=re.MULTILINE)


def hasten(config):
    """The same configuration with intervals of a second and no waiting."""
    config["global"] = {**config.get("global", {}), "scrape_interval": "1s", "evaluation_interval": "1s"}
    for collectors in config["collectors"].values():
        for collector in collectors:
            if "min_interval" in collector:
                collector["min_interval"] = "0s"
    for threshold in config.get("thresholds", []):
        threshold.pop("for", None)
    config["alertmanager"]["route"].update({"group_wait": "0s", "group_interval": "1s"})
    return config


class DeadDatabaseTest(Stage):
    @classmethod
    def setUpClass(cls):
        cls.cluster_folder = working_folder(tempfile.gettempdir())
        cls.addClassCleanup(shutil.rmtree, cls.cluster_folder, ignore_errors=True)
        cls.cluster = Cluster(cls.cluster_folder)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        cls.cluster.fill(os.path.join(ROOT, "demo", "schema.sql"), os.path.join(ROOT, "demo", "generate.sql"))
        cls.cluster.psql("CREATE TABLE analytics.kpi_latest AS SELECT 'all' AS segment, 7.5::float8 AS par_90_percent; "
                         "GRANT SELECT ON analytics.kpi_latest TO tocsin")

    def start_with(self, config, rules=None):
        """Runs the program; rule files stand beside its configuration."""
        if rules:
            shutil.copytree(os.path.join(ROOT, rules), self.path("rules"))
        port, self.requests = self.start_sink("http", "http_sink.py")
        password = urllib.parse.quote(self.cluster.passwords["tocsin"])
        environment = {name: f"http://127.0.0.1:{port}/{name}" for name in SINKS}
        environment |= {"DATABASE_URL": f"postgresql://tocsin:{password}@127.0.0.1:{self.cluster.port}/business",
                        "SMTP_SMARTHOST": "127.0.0.1:1", "SMTP_FROM": "tocsin@example.com", "SMTP_USERNAME": "mail",
                        "SMTP_PASSWORD": "none"}
        _, self.url = self.start_tocsin(yaml.safe_dump(hasten(config)), environment=environment)

    def query(self, expression):
        answer = get_json(f"{self.url}/api/v1/query?query={urllib.parse.quote(expression)}")
        return [float(sample["value"][1]) for sample in answer["data"]["result"]]

    def told(self, word=""):
        """[(receiver's variable, text)] of what the sinks were sent and holds the word."""
        texts = []
        for request in self.requests():
            body = json.loads(request["body"])
            texts.append((request["path"].strip("/"), body.get("text", request["body"])))
        return [(path, text) for path, text in texts if word in text]

    def dies_and_returns(self, root, name, before=None):
        wait_for(lambda: self.query("tocsin_target_up") == [1.0], what="the first good scrape")
        if before:
            wait_for(lambda: self.told(before), what=before)
        self.assertEqual(self.told("SOURCE"), [])
        resolved = len(self.told("RESOLVED"))
        self.cluster.stop()
        try:
            wait_for(lambda: [path for path, _ in self.told("SOURCE LOST") if path == root], seconds=60,
                     what="SOURCE LOST at the root route's receiver")
            self.assertEqual(len(self.told("RESOLVED")), resolved, "a dead database is no good news")
        finally:
            self.cluster.resume()
        wait_for(lambda: [path for path, _ in self.told("SOURCE BACK") if path == root], seconds=90, what="SOURCE BACK")
        texts = [text for path, text in self.told("SOURCE") if path == root]
        self.assertEqual(len(texts), 2, texts)
        place = f"database {name} at {self.url.removeprefix('http://')}"
        self.assertRegex(texts[0], rf"🔌 \*SOURCE LOST\* {place} unreachable since \d\d:\d\d UTC$")
        self.assertRegex(texts[1], rf"🔌 \*SOURCE BACK\* {place} after \w+")

    def test_the_readmes_example(self):
        self.start_with(yaml.safe_load(readme_example()))
        self.dies_and_returns("SLACK_WEBHOOK_URL", "main", before="*CRITICAL* PAR_90")

    def test_the_starter(self):
        self.start_with(yaml.safe_load(read_text("demo", "starter", "tocsin.yml")), "demo/starter/rules")
        self.dies_and_returns("SLACK_WEBHOOK_URL", "database")

    def test_the_packages_example(self):
        self.start_with(yaml.safe_load(read_text("packaging", "tocsin.yml")))
        self.dies_and_returns("SLACK_WEBHOOK_URL", "main")

    def pack(self, name, root):
        config = yaml.safe_load(read_text("packs", name, "tocsin.yml"))
        self.start_with(config, f"packs/{name}/rules")
        self.dies_and_returns(root, config["collectors"]["targets"][0]["name"])

    def test_pack_abaco_loans(self):
        self.pack("abaco-loans", "SLACK_RISK_MONITORING_URL")

    def test_pack_adinsights(self):
        self.pack("adinsights", "SLACK_WEBHOOK_URL")

    def test_pack_altaviz(self):
        self.pack("altaviz", "SLACK_WEBHOOK_URL")

    def test_pack_analytics_platform(self):
        self.pack("analytics-platform", "SLACK_WEBHOOK_URL")

    def test_every_pack_is_tested(self):
        packs = {name for name in os.listdir(os.path.join(ROOT, "packs")) if os.path.isdir(os.path.join(ROOT, "packs", name))}
        self.assertEqual({f"test_pack_{name.replace('-', '_')}" for name in packs},
                         {name for name in dir(self) if name.startswith("test_pack_")})


if __name__ == "__main__":
    unittest.main()
