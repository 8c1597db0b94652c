#!/usr/bin/python3
"""Reads the Dockerfile and compose.yml as an engine would, and checks all that can be checked without one."""

import fnmatch
import glob
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCKER = os.path.join(ROOT, "docker")
PORT = "9480"


def read(*path):
    with open(os.path.join(ROOT, *path)) as file:
        return file.read()


def read_yaml(*path):
    return yaml.safe_load(read(*path))


def instructions():
    """The Dockerfile as (instruction, arguments), continued lines joined."""
    lines = [line for line in read("docker", "Dockerfile").splitlines() if line.strip() and not line.startswith("#")]
    text = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in text.splitlines()]


def stages():
    result = []
    for name, arguments in instructions():
        if name == "FROM":
            result.append([])
        result[-1].append((name, arguments))
    return result


def ignored(path):
    """Whether the .dockerignore keeps `path` out of the context: the last pattern that fits decides."""
    verdict = False
    for line in read("docker", "Dockerfile.dockerignore").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        keeps = pattern.startswith("!")
        pattern = pattern.lstrip("!")
        parts = path.split("/")
        prefixes = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        if any(fnmatch.fnmatch(prefix, pattern) for prefix in prefixes):
            verdict = not keeps
    return verdict


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def built_program():
    paths = (os.path.join(ROOT, "build", preset, "tocsin") for preset in ("test", "release", "dev"))
    return next((path for path in paths if os.path.exists(path)), None)


class DockerfileTest(unittest.TestCase):
    def test_known_instructions(self):
        known = {"FROM", "WORKDIR", "COPY", "RUN", "LABEL", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
                 "ENTRYPOINT", "CMD"}
        self.assertEqual({name for name, _ in instructions()} - known, set())

    def test_both_stages_are_the_same_debian(self):
        bases = [arguments.split()[0] for name, arguments in instructions() if name == "FROM"]
        self.assertEqual(bases, ["debian:12", "debian:12-slim"])

    def test_copied_files_exist_and_reach_the_context(self):
        for name, arguments in instructions():
            if name != "COPY" or arguments.startswith("--from="):
                continue
            *sources, _ = arguments.split()
            for source in sources:
                with self.subTest(source=source):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, source)), f"{source} does not exist")
                    self.assertTrue(source == "." or not ignored(source), f"{source} is ignored")

    def test_what_the_build_reads_reaches_the_context(self):
        top = read("CMakeLists.txt")
        rooms = re.findall(r"^\s*add_subdirectory\((\w+)\)", top, re.MULTILINE)
        self.assertIn("exporter", rooms)
        for room in set(rooms) - {"tests", "bench"}:
            self.assertFalse(ignored(f"{room}/CMakeLists.txt"), room)
        for path in ("CMakeLists.txt", "CMakePresets.json", "cmake/dependencies.cmake", "tools/setup"):
            self.assertFalse(ignored(path), path)

    def test_secrets_and_histories_stay_outside(self):
        for path in (".git/config", "docker/secrets/postgres_password", "build/release/tocsin", "data/tocsin.db", ".env",
                     "demo/generate.sql"):
            self.assertTrue(ignored(path), path)

    def test_scripts_parse(self):
        steps = [arguments for name, arguments in instructions() if name == "RUN"]
        self.assertEqual(len(steps), 3)
        for step in steps:
            result = run("bash", "-n", "-c", step)
            self.assertEqual(result.returncode, 0, result.stderr)
        for script in ("tools/setup", "docker/make-secrets", "docker/postgres/10-roles.sh"):
            with self.subTest(script=script):
                path = os.path.join(ROOT, script)
                self.assertEqual(run("bash", "-n", path).returncode, 0)
                self.assertTrue(os.access(path, os.X_OK), "not executable")

    def test_the_build_is_the_projects_own(self):
        build = " ".join(arguments for name, arguments in stages()[0] if name == "RUN")
        self.assertIn("tools/setup build", build)
        preset = re.search(r"cmake --preset (\w+)", build)[1]
        presets = {entry["name"]: entry for entry in json.loads(read("CMakePresets.json"))["configurePresets"]}
        self.assertIn(preset, presets)
        self.assertEqual(presets["base"]["binaryDir"], "${sourceDir}/build/${presetName}")
        copied = [arguments for name, arguments in stages()[1] if name == "COPY" and arguments.startswith("--from=build")]
        self.assertEqual([line.split()[1] for line in copied], [f"/src/build/{preset}/tocsin"])

    def test_runs_as_nobody_special(self):
        final = dict(stages()[1])
        self.assertEqual(final["USER"], "65532:65532")
        script = " ".join(arguments for name, arguments in stages()[1] if name == "RUN")
        self.assertIn("--uid 65532", script)
        order = [name for name, _ in stages()[1]]
        self.assertLess(order.index("USER"), order.index("ENTRYPOINT"))

    def test_health_entry_and_port(self):
        final = dict(stages()[1])
        health = ["tocsin", "healthcheck", f"--url=http://127.0.0.1:{PORT}"]
        self.assertEqual(json.loads(final["HEALTHCHECK"].split("CMD", 1)[1]), health)
        self.assertEqual(read_yaml("docker", "compose.yml")["services"]["tocsin"]["healthcheck"]["test"], ["CMD", *health])
        self.assertEqual(json.loads(final["ENTRYPOINT"]), ["tocsin"])
        command = json.loads(final["CMD"])
        self.assertEqual(command[0], "run")
        self.assertIn(f"--web.listen-address=0.0.0.0:{PORT}", command)
        self.assertEqual(final["EXPOSE"], PORT)
        self.assertEqual(final["STOPSIGNAL"], "SIGTERM")
        self.assertIn(f"--storage.path={final['VOLUME']}", command)

    def runtime_packages(self):
        script = next(arguments for name, arguments in stages()[1] if name == "RUN")
        words = shlex.split(script.split("--no-install-recommends", 1)[1].split("&&", 1)[0])
        self.assertGreater(len(words), 8)
        self.assertNotIn("-dev", " ".join(words))
        return words

    def test_packages_exist(self):
        if not glob.glob("/var/lib/apt/lists/*_Packages*"):
            self.skipTest("no package lists here")
        packages = self.runtime_packages()
        policy = run("apt-cache", "policy", *packages).stdout
        known = dict(re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (\S+)", policy, re.MULTILINE))
        self.assertEqual([package for package in packages if known.get(package, "(none)") == "(none)"], [])

    def test_the_program_finds_its_libraries(self):
        program = built_program()
        if program is None:
            self.skipTest("the program is not built")
        packages = set(self.runtime_packages())
        needed = re.findall(r"\(NEEDED\).*\[(.+?)\]", run("readelf", "-d", program).stdout)
        self.assertTrue(needed)
        paths = dict(re.findall(r"^\s*(\S+) => (\S+)", run("ldd", program).stdout, re.MULTILINE))
        for library in needed:
            # /lib is /usr/lib; dpkg knows some files by one name, some by the other
            real = paths[library]
            owner = next((found.stdout.split(":")[0] for found in
                          (run("dpkg", "-S", path) for path in (real, real.removeprefix("/usr"), "/usr" + real))
                          if found.returncode == 0), None) if library in paths else None
            if owner in {None, "libc6", "libstdc++6", "libgcc-s1"}:
                continue  # in every Debian image, or a part of the compiler's run time that the others bring
            self.assertIn(owner, packages, f"{library} comes from {owner}")


class ComposeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.compose = read_yaml("docker", "compose.yml")
        cls.services = cls.compose["services"]

    def test_services(self):
        self.assertEqual(set(self.services), {"postgres", "tocsin", "prometheus", "alertmanager", "grafana"})
        self.assertEqual(set(self.compose), {"name", "x-hardened", "services", "volumes", "secrets"})

    def test_images_are_pinned(self):
        for name, service in self.services.items():
            tag = service["image"].rpartition(":")[2]
            self.assertTrue("build" in service or re.match(r"v?\d+\.\d+", tag), f"{name}: {service['image']}")
        self.assertRegex(self.services["postgres"]["image"], r"^postgres:15\.")

    def test_build_names_the_dockerfile(self):
        build = self.services["tocsin"]["build"]
        context = os.path.normpath(os.path.join(DOCKER, build["context"]))
        self.assertEqual(context, ROOT)
        self.assertTrue(os.path.exists(os.path.join(context, build["dockerfile"])))

    def test_tocsin_runs_as_in_the_image_and_links_lead_to_the_published_port(self):
        service = read_yaml("docker", "compose.yml")["services"]["tocsin"]
        command = json.loads(dict(stages()[1])["CMD"])
        self.assertEqual(service["command"], [*command, f"--web.external-url=http://127.0.0.1:{PORT}"])

    def test_ports_are_loopback(self):
        for name, service in self.services.items():
            self.assertTrue(service["ports"], name)
            for port in service["ports"]:
                self.assertRegex(port, r"^127\.0\.0\.1:\d+:\d+$", name)

    def test_mounted_files_exist_and_are_read_only(self):
        for name, service in self.services.items():
            for volume in service["volumes"]:
                source, target, *mode = volume.split(":")
                with self.subTest(service=name, volume=volume):
                    self.assertTrue(target.startswith("/"))
                    if source.startswith("."):
                        self.assertTrue(os.path.exists(os.path.join(DOCKER, source)))
                        self.assertEqual(mode, ["ro"])
                    else:
                        self.assertIn(source, self.compose["volumes"])

    def test_every_named_volume_is_used(self):
        used = {volume.split(":")[0] for service in self.services.values() for volume in service["volumes"]}
        self.assertEqual(set(self.compose["volumes"]) - used, set())

    def test_health_and_order(self):
        for name, service in self.services.items():
            self.assertEqual(service["healthcheck"]["test"][0], "CMD", name)
            for needed, how in service.get("depends_on", {}).items():
                self.assertIn(needed, self.services)
                self.assertEqual(how, {"condition": "service_healthy"})

    def test_outside_postgres_nothing_keeps_privileges(self):
        for name, service in self.services.items():
            if name == "postgres":
                continue  # its entry point changes the owner of its files, then its user
            self.assertEqual(service["cap_drop"], ["ALL"], name)
            self.assertEqual(service["security_opt"], ["no-new-privileges:true"], name)

    def test_secrets_come_by_file(self):
        declared = self.compose["secrets"]
        used = {secret for service in self.services.values() for secret in service.get("secrets", [])}
        self.assertEqual(used, set(declared))
        for name, service in self.services.items():
            for key, value in service.get("environment", {}).items():
                if "PASSWORD" in key:
                    self.assertTrue(key.endswith("_FILE"), f"{name}: {key}")
                    self.assertIn(value.removeprefix("/run/secrets/"), service["secrets"])

    def test_make_secrets_makes_them_all_once(self):
        with tempfile.TemporaryDirectory() as folder:
            secrets = os.path.join(folder, "secrets")
            script = os.path.join(DOCKER, "make-secrets")
            self.assertEqual(run(script, secrets).returncode, 0)
            made = {name: read(secrets, name) for name in os.listdir(secrets)}
            self.assertEqual(set(made) - {".gitignore"}, set(self.compose["secrets"]))
            self.assertEqual(os.stat(secrets).st_mode & 0o777, 0o700)
            for name, text in made.items():
                if name.endswith("_password"):
                    self.assertGreater(len(text), 20)
            self.assertEqual(run(script, secrets).returncode, 0)
            self.assertEqual(made, {name: read(secrets, name) for name in os.listdir(secrets)})
        for secret in self.compose["secrets"].values():
            self.assertEqual(os.path.dirname(secret["file"]), "./secrets")

    def test_peers_accept_their_configuration(self):
        for command in (["promtool", "check", "config", os.path.join(DOCKER, "prometheus", "prometheus.yml")],
                        ["amtool", "check-config", os.path.join(DOCKER, "alertmanager", "alertmanager.yml")]):
            result = run(*command)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_prometheus_has_the_packs_thresholds(self):
        program = built_program()
        if program is None:
            self.skipTest("the program is not built")
        files = sorted(glob.glob(os.path.join(ROOT, "packs", "*", "rules", "thresholds.yml")))
        expanded = run(program, "rules", "expand", *files)
        self.assertEqual(expanded.returncode, 0, expanded.stderr)
        self.assertEqual(read_yaml("docker", "prometheus", "rules.yml"), yaml.safe_load(expanded.stdout))

    def test_addresses_are_services_of_this_file(self):
        scraped = [target for job in read_yaml("docker", "prometheus", "prometheus.yml")["scrape_configs"]
                   for config in job["static_configs"] for target in config["targets"]]
        tocsin = read_yaml("docker", "tocsin", "tocsin.yml")
        told = [target for peer in tocsin["alerting"]["alertmanagers"]
                for config in peer["static_configs"] for target in config["targets"]]
        sources = read_yaml("dashboards", "provisioning", "datasources", "tocsin.yml")["datasources"]
        asked = [source["url"].removeprefix("http://") for source in sources]
        for address in scraped + told + asked:
            host, _, port = address.partition(":")
            published = [entry.split(":")[2] for entry in self.services[host]["ports"]]
            self.assertEqual([port], published, address)
        database = tocsin["collectors"]["targets"][0]
        self.assertEqual(database["url"], "postgresql://tocsin@postgres:5432/business")
        self.assertIn(database["password_file"].removeprefix("/run/secrets/"), self.services["tocsin"]["secrets"])

    def test_tocsin_measures_what_the_packs_do(self):
        sys.path.insert(0, os.path.join(ROOT, "demo"))
        import config
        merged = yaml.safe_load(config.pack_collectors(min_interval=None))
        ours = read_yaml("docker", "tocsin", "tocsin.yml")
        collectors = {kind: items for kind, items in ours["collectors"].items() if kind in merged}
        self.assertEqual(collectors, merged)
        folder = "/etc/tocsin/"
        mounts = dict(volume.split(":")[:2][::-1] for volume in self.services["tocsin"]["volumes"])
        self.assertEqual(mounts[folder + "packs"], "../packs")
        files = [path for pattern in ours["rule_files"] for path in glob.glob(os.path.join(ROOT, pattern))]
        self.assertEqual(len(files), 4)


if __name__ == "__main__":
    unittest.main()
