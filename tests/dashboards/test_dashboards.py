#!/usr/bin/python3
"""Reads the Grafana dashboards and their provisioning as Grafana would, without Grafana."""

import json
import os
import re
import subprocess
import tempfile
import unittest

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DASHBOARDS = os.path.join(ROOT, "dashboards", "grafana")
PROVISIONING = os.path.join(ROOT, "dashboards", "provisioning")

# What Grafana puts in place of its own variables; the dashboards' own become "all".
BUILT_IN = {"__rate_interval": "1m", "__interval": "15s", "__range": "3h"}
SUBSTITUTES = {**BUILT_IN, "threshold": "PAR_90"}
VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")


def load_all():
    dashboards = []
    for name in sorted(os.listdir(DASHBOARDS)):
        with open(os.path.join(DASHBOARDS, name)) as file:
            dashboards.append(json.load(file))
    return dashboards


def panels_of(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def data_panels(dashboard):
    return [panel for panel in panels_of(dashboard) if panel["type"] != "row"]


def substitute(text):
    return VARIABLE.sub(lambda match: SUBSTITUTES.get(match[1] or match[2], ".*"), text)


def variables_named_in(text):
    return {first or second for first, second in VARIABLE.findall(text)}


def expressions_of(dashboard):
    """(where, PromQL) of every panel, annotation and variable."""
    for panel in data_panels(dashboard):
        for target in panel["targets"]:
            yield f'{panel["title"]} {target["refId"]}', target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        yield f'annotation {annotation["name"]}', annotation["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"])
            yield f'variable {variable["name"]}', match[1]


class DashboardTest(unittest.TestCase):
    def each(self):
        dashboards = load_all()
        self.assertGreaterEqual(len(dashboards), 2)
        return dashboards

    def test_identity(self):
        uids = []
        for dashboard in self.each():
            uids.append(dashboard["uid"])
            self.assertIsNone(dashboard["id"])
            self.assertRegex(dashboard["uid"], r"^[A-Za-z0-9_-]{1,40}$")
            self.assertEqual(dashboard["schemaVersion"], 41)
            self.assertIn("tocsin", dashboard["tags"])
            self.assertTrue(dashboard["description"])
        self.assertEqual(len(uids), len(set(uids)))

    def test_panel_ids_are_unique(self):
        for dashboard in self.each():
            ids = [panel["id"] for panel in panels_of(dashboard)]
            self.assertEqual(sorted(ids), sorted(set(ids)))

    def test_panels_do_not_overlap_and_fit(self):
        for dashboard in self.each():
            taken = {}
            for panel in dashboard["panels"]:
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
                for x in range(place["x"], place["x"] + place["w"]):
                    for y in range(place["y"], place["y"] + place["h"]):
                        if (x, y) in taken:
                            self.fail(f'{dashboard["uid"]}: "{panel["title"]}" lies on "{taken[x, y]}"')
                        taken[x, y] = panel["title"]

    def test_every_panel_explains_itself(self):
        for dashboard in self.each():
            titles = [panel["title"] for panel in data_panels(dashboard)]
            self.assertEqual(len(titles), len(set(titles)), "two panels of one title")
            for panel in data_panels(dashboard):
                with self.subTest(panel=panel["title"]):
                    self.assertTrue(panel["description"].endswith("."))
                    self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                    self.assertTrue(panel["fieldConfig"]["defaults"]["noValue"])
                    self.assertTrue(panel["targets"])

    def test_every_target_is_whole(self):
        for dashboard in self.each():
            for panel in data_panels(dashboard):
                references = [target["refId"] for target in panel["targets"]]
                self.assertEqual(len(references), len(set(references)))
                for target in panel["targets"]:
                    with self.subTest(panel=panel["title"], target=target["refId"]):
                        self.assertTrue(target["legendFormat"].strip())
                        self.assertNotEqual(target.get("instant", False), target["range"])

    def test_rates_follow_the_scrape_interval(self):
        for dashboard in self.each():
            for where, expression in expressions_of(dashboard):
                for window in re.findall(r"\[([^\]]+)\]", expression):
                    self.assertEqual(window, "$__rate_interval", where)

    def test_no_data_source_is_fixed(self):
        def uids(value):
            if isinstance(value, dict):
                if "uid" in value and "type" in value and "panels" not in value:
                    yield value["uid"]
                for item in value.values():
                    yield from uids(item)
            elif isinstance(value, list):
                for item in value:
                    yield from uids(item)

        for dashboard in self.each():
            self.assertEqual(dashboard["templating"]["list"][0]["type"], "datasource")
            self.assertEqual(dashboard["templating"]["list"][0]["name"], "datasource")
            found = list(uids({key: value for key, value in dashboard.items() if key != "uid"}))
            self.assertEqual(set(found), {"${datasource}"})
            for panel in data_panels(dashboard):
                self.assertEqual(panel["datasource"]["uid"], "${datasource}", panel["title"])

    def test_variables_are_declared_and_used(self):
        for dashboard in self.each():
            declared = {variable["name"] for variable in dashboard["templating"]["list"]}
            texts = [expression for _, expression in expressions_of(dashboard)]
            used = set().union(*(variables_named_in(text) for text in texts)) - BUILT_IN.keys()
            repeated = {panel["repeat"] for panel in data_panels(dashboard) if "repeat" in panel}
            self.assertEqual(used | repeated | {"datasource"}, declared)

    def test_expressions_parse(self):
        rules = []
        for dashboard in self.each():
            for where, expression in expressions_of(dashboard):
                rules.append((f'{dashboard["uid"]}: {where}', substitute(expression)))
        self.assertGreater(len(rules), 50)
        groups = [{"name": f"{number} {where}", "rules": [{"record": "parsed", "expr": expression}]}
                  for number, (where, expression) in enumerate(rules)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            yaml.safe_dump({"groups": groups}, file)
            file.flush()
            result = subprocess.run(["promtool", "check", "rules", "--lint=none", file.name], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn(f"SUCCESS: {len(rules)} rules found", result.stdout)


class ProvisioningTest(unittest.TestCase):
    def read(self, *path):
        with open(os.path.join(PROVISIONING, *path)) as file:
            return yaml.safe_load(file)

    def test_data_sources(self):
        sources = {source["uid"]: source for source in self.read("datasources", "tocsin.yml")["datasources"]}
        self.assertEqual([uid for uid, source in sources.items() if source.get("isDefault")], ["prometheus"])
        # Grafana takes an Alertmanager for Cortex's unless told
        self.assertEqual(sources["alertmanager"]["jsonData"]["implementation"], "prometheus")
        for source in sources.values():
            self.assertEqual(source["access"], "proxy")
            if source["type"] == "prometheus":
                self.assertIn(source["jsonData"]["alertmanagerUid"], sources)

    def test_dashboards(self):
        providers = self.read("dashboards", "tocsin.yml")["providers"]
        self.assertEqual([provider["options"]["path"] for provider in providers], ["/var/lib/grafana/dashboards"])


if __name__ == "__main__":
    unittest.main()
