#!/usr/bin/python3
"""Runs every pack's queries against the demo's tables, as the role tocsin measures with, and reads its thresholds."""

import os
import re
import shutil
import sys
import tempfile
import unittest

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKS = os.path.join(ROOT, "packs")
sys.path.insert(0, os.path.join(ROOT, "demo"))

import cluster  # noqa: E402
import config  # noqa: E402

NAMES = ("abaco-loans", "adinsights", "altaviz", "analytics-platform")


def read_yaml(*path):
    with open(os.path.join(PACKS, *path)) as file:
        return yaml.safe_load(file)


def measured_names(collectors):
    """The metrics a pack's own collectors make, built-in ones left out."""
    names = set()
    for collector in collectors.get("sql", []):
        names |= {metric["name"] for metric in collector["metrics"]}
    for collector in collectors.get("freshness", []):
        names |= {f'{collector["metric_prefix"]}_last_success_timestamp_seconds'}
        names |= {f'{collector["metric_prefix"]}_healthy'} if "status" in collector else set()
    if "jobs" in collectors:
        names |= {f"tocsin_jobs_{name}" for name in
                  ("count", "oldest_queued_age_seconds", "oldest_running_age_seconds", "stuck", "failed")}
    return names


class PackTest(unittest.TestCase):
    def test_each_pack_is_complete(self):
        self.assertEqual(tuple(sorted(name for name in os.listdir(PACKS) if os.path.isdir(os.path.join(PACKS, name)))), NAMES)
        for name in NAMES:
            with self.subTest(pack=name):
                pack = read_yaml(name, "tocsin.yml")
                self.assertEqual([target["url"] for target in pack["collectors"]["targets"]], ["${DATABASE_URL}"])
                self.assertEqual(pack["rule_files"], ["rules/*.yml"])
                receivers = {receiver["name"] for receiver in pack["alertmanager"]["receivers"]}
                route = pack["alertmanager"]["route"]
                for told in [route, *route.get("routes", [])]:
                    self.assertIn(told["receiver"], receivers)
                with open(os.path.join(PACKS, name, "README.md")) as file:
                    readme = file.read()
                for variable in set(re.findall(r"\$\{(\w+)\}", open_text(name, "tocsin.yml"))):
                    self.assertIn(variable, readme, "a variable the README does not explain")

    def test_thresholds_speak_of_what_is_measured(self):
        built_in = re.compile(r"^(pg_|tocsin_pg_)")
        words = {"sum", "max", "min", "by", "and", "or"}
        for name in NAMES:
            known = measured_names(read_yaml(name, "tocsin.yml")["collectors"])
            for threshold in read_yaml(name, "rules", "thresholds.yml")["thresholds"]:
                with self.subTest(pack=name, threshold=threshold["name"]):
                    text = re.sub(r"\{[^}]*\}", "", threshold.get("value") or threshold["age"])
                    named = set(re.findall(r"[a-zA-Z_]\w*", text)) - words
                    self.assertTrue(named)
                    self.assertEqual({metric for metric in named if not built_in.match(metric)} - known, set())
                    self.assertTrue(threshold["runbook"].startswith(f"https://runbooks.example.com/{name}/"))
                    self.assertTrue({"warning", "critical"} & threshold.keys())

    def test_threshold_names_are_unique_over_all_packs(self):
        names = config.threshold_names(config.pack_files("rules/thresholds.yml"))
        self.assertEqual(len(names), sum(len(read_yaml(name, "rules", "thresholds.yml")["thresholds"]) for name in NAMES))
        self.assertEqual(len(names), len(set(names)))

    def test_the_demo_takes_every_collector(self):
        merged = yaml.safe_load(config.pack_collectors(min_interval=None))
        for kind in ("jobs", "freshness", "sql"):
            wanted = [item for name in NAMES for item in read_yaml(name, "tocsin.yml")["collectors"].get(kind, [])]
            self.assertEqual(merged[kind], wanted)


def open_text(*path):
    with open(os.path.join(PACKS, *path)) as file:
        return file.read()


class QueryTest(unittest.TestCase):
    """Needs PostgreSQL's server programs."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cluster.working_folder(tempfile.gettempdir())
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.cluster = cluster.Cluster(cls.folder)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        cls.cluster.fill(os.path.join(ROOT, "demo", "schema.sql"), os.path.join(ROOT, "demo", "generate.sql"))

    def ask(self, sql):
        """The rows as dictionaries of text; asked by the role that may change nothing."""
        answer = self.cluster.psql(f"SET default_transaction_read_only = on; "
                                   f"SELECT row_to_json(answer) FROM ({sql.strip()}) AS answer", role="tocsin")
        return [yaml.safe_load(line) for line in answer.splitlines()]

    def test_sql_collectors(self):
        for name in NAMES:
            for collector in read_yaml(name, "tocsin.yml")["collectors"].get("sql", []):
                with self.subTest(pack=name, collector=collector["name"]):
                    rows = self.ask(collector["query"])
                    self.assertTrue(rows)
                    for metric in collector["metrics"]:
                        keys = []
                        for row in rows:
                            self.assertIsInstance(row[metric["value"]], (int, float))
                            keys.append(tuple(row[label] for label in metric.get("labels", [])))
                        self.assertEqual(len(keys), len(set(keys)), "one series twice")

    def test_freshness_collectors(self):
        for name in NAMES:
            for collector in read_yaml(name, "tocsin.yml")["collectors"].get("freshness", []):
                with self.subTest(pack=name, collector=collector["name"]):
                    rows = self.ask(collector.get("query") or f'SELECT * FROM {collector["table"]}')
                    self.assertTrue(rows)
                    for row in rows:
                        self.assertTrue(row[collector["last_success"]])
                        self.assertTrue(all(row[key] for key in collector["key"]))
                        if "status" in collector:
                            self.assertIn(row[collector["status"]], collector["healthy"])

    def test_jobs_collectors(self):
        for collector in read_yaml("analytics-platform", "tocsin.yml")["collectors"]["jobs"]:
            with self.subTest(collector=collector["name"]):
                columns = [*collector["columns"].values(), *collector.get("by", [])]
                rows = self.ask(f'SELECT {", ".join(columns)} FROM {collector["table"]}')
                self.assertGreater(len(rows), 100)

    def test_the_role_changes_nothing(self):
        with self.assertRaisesRegex(RuntimeError, "permission denied for table processing_jobs"):
            self.cluster.psql("DELETE FROM processing_jobs", role="tocsin")

    def test_the_same_rows_every_time(self):
        kpis = self.ask("SELECT kpi_name, round(value::numeric, 3) AS value FROM analytics.kpi_values "
                        "WHERE segment = 'all' AND run_id = (SELECT max(run_id) FROM analytics.kpi_values) ORDER BY 1")
        self.assertEqual({row["kpi_name"]: row["value"] for row in kpis},
                         {"COLLECTION_RATE": 5.206, "PAR_90": 2.298, "PORTFOLIO_HEALTH": 8.851, "RDR_90": 79.463})


if __name__ == "__main__":
    unittest.main()
