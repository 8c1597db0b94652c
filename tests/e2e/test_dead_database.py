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
from faults import RAISE_PAR_90, STALE_SYNC, STICK_JOB  # noqa: E402

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

    def start_with(self, config, rules=None, change=lambda text: text):
        """Runs the program; rule files stand beside its configuration, without `for` and with `change` made."""
        if rules:
            shutil.copytree(os.path.join(ROOT, rules), self.path("rules"))
            for name in os.listdir(self.path("rules")):
                with open(os.path.join(self.path("rules"), name), "r+") as file:
                    text = change(re.sub(r"^ +for: .*\n", "", file.read(), flags=re.MULTILINE))
                    file.seek(0)
                    file.truncate()
                    file.write(text)
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

    def dies_and_returns(self, root, name, firing=None):
        """`firing`: the alert that fires when the database dies, and the variables of the receivers told of it. Each of
        them hears of the source once for each of its receivers, and so does the root route's."""
        alert, told_of = firing or ("", ())
        wait_for(lambda: self.query("tocsin_target_up") == [1.0], what="the first good scrape")
        for path in told_of:
            wait_for(lambda: [text for to, text in self.told(alert) if to == path], what=f"{alert} at {path}")
        expected = sorted({root, *told_of})
        self.assertEqual(self.told("SOURCE"), [])
        resolved = len(self.told("RESOLVED"))
        self.cluster.stop()
        try:
            wait_for(lambda: sorted({path for path, _ in self.told("SOURCE LOST")}) == expected,
                     what=f"SOURCE LOST at {expected}")
            if alert:
                lost = [request["body"] for request in self.requests() if "SOURCE LOST" in request["body"]]
                self.assertRegex(lost[0], f"Kept in their last known state:.*{alert}.*last known")
                self.assertIn(alert, [one["labels"]["alertname"] for one in self.active() if "noData" in one])
            self.assertEqual([text for _, text in self.told("RESOLVED")][resolved:], [], "a dead database is no good news")
        finally:
            self.cluster.resume()
        def heard(word):
            return sorted(path for path, _ in self.told(word))
        wait_for(lambda: heard("SOURCE BACK") == heard("SOURCE LOST"), what=f"SOURCE BACK at {expected}")
        for path in expected:
            words = [text.split("*")[1] for to, text in self.told("SOURCE") if to == path]
            half = len(words) // 2
            self.assertEqual(words, ["SOURCE LOST"] * half + ["SOURCE BACK"] * half, path)
        if os.environ.get("TOCSIN_SHOW"):
            print("".join(f"\n{path}: {text}" for path, text in self.told()))
        texts = [text for path, text in self.told("SOURCE") if path == root]
        place = f"database {name} at {self.url.removeprefix('http://')}"
        self.assertRegex(texts[0], rf"🔌 \*SOURCE LOST\* {place} unreachable since \d\d:\d\d UTC$")
        self.assertRegex(texts[-1], rf"🔌 \*SOURCE BACK\* {place} after \w+")

    def test_the_readmes_example(self):
        self.start_with(yaml.safe_load(readme_example()))
        self.dies_and_returns("SLACK_WEBHOOK_URL", "main", firing=("PAR_90", ["SLACK_WEBHOOK_URL"]))

    def test_the_starter(self):
        self.start_with(yaml.safe_load(read_text("demo", "starter", "tocsin.yml")), "demo/starter/rules")
        self.dies_and_returns("SLACK_WEBHOOK_URL", "database")

    def test_the_packages_example(self):
        self.start_with(yaml.safe_load(read_text("packaging", "tocsin.yml")))
        self.dies_and_returns("SLACK_WEBHOOK_URL", "main")

    def active(self):
        return get_json(f"{self.url}/api/v1/alerts")["data"]["alerts"]

    def pack(self, name, root, firing, **more):
        config = yaml.safe_load(read_text("packs", name, "tocsin.yml"))
        self.start_with(config, f"packs/{name}/rules", **more)
        self.dies_and_returns(root, config["collectors"]["targets"][0]["name"], firing)

    def test_pack_abaco_loans(self):
        self.cluster.psql(RAISE_PAR_90.format(percent="5.8"))
        self.pack("abaco-loans", "SLACK_RISK_MONITORING_URL", ("PAR_90", ["SLACK_EXECUTIVE_BRIEFING_URL"]))

    def test_pack_adinsights(self):
        self.cluster.psql(STALE_SYNC)
        self.pack("adinsights", "SLACK_WEBHOOK_URL", ("AirbyteSyncStale", ["SLACK_WEBHOOK_URL"]))

    def test_pack_altaviz(self):
        def shortened(rules):
            return re.sub(r'(name: SensorDataStale.*?) +target: [^\n]*\n( +warning: )"[^"]*"', r'\1\2"> 1s"', rules, count=1,
                          flags=re.DOTALL)
        self.pack("altaviz", "SLACK_WEBHOOK_URL", ("SensorDataStale", ["SLACK_WEBHOOK_URL"]), change=shortened)

    def test_pack_analytics_platform(self):
        self.cluster.psql(STICK_JOB)
        self.pack("analytics-platform", "SLACK_WEBHOOK_URL", ("IngestionJobStuck", ["SLACK_WEBHOOK_URL"]))

    def test_every_pack_is_tested(self):
        packs = {name for name in os.listdir(os.path.join(ROOT, "packs")) if os.path.isdir(os.path.join(ROOT, "packs", name))}
        self.assertEqual({f"test_pack_{name.replace('-', '_')}" for name in packs},
                         {name for name in dir(self) if name.startswith("test_pack_")})


if __name__ == "__main__":
    unittest.main()
