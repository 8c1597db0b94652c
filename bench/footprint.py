#!/usr/bin/env python3
"""Idle memory and start-up time: tocsin with the demo's configuration beside the five programs it replaces.

    bench/footprint.py --peers FOLDER [--program build/release/tocsin] [--seconds 30]

FOLDER holds prometheus, prometheus-alertmanager, prometheus-postgres-exporter, prometheus-sql-exporter and
prometheus-blackbox-exporter (Debian packages of those names). All of them, and tocsin, work on the same private
PostgreSQL with the demo's data; everything is scraped every 15 s, as by default. Start-up is the time from exec to the
first good answer, the median of five; memory is read after `--seconds` of idling: RSS, and PSS, which counts shared
pages once.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "demo"))

import config as demo_config  # noqa: E402
from cluster import DATABASE, Cluster, free_port  # noqa: E402


def ready(url):
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


def launch(command, url, log, environment=None):
    """(process, seconds until it answered)."""
    began = time.monotonic()
    with open(log, "a") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **(environment or {})})
    while not ready(url):
        if process.poll() is not None or time.monotonic() - began > 20:
            raise SystemExit(f"{command[0]} did not start; see {log}\n" + open(log).read()[-2000:])
        time.sleep(0.002)
    return process, time.monotonic() - began


def stop(process):
    process.terminate()
    process.wait(20)


def memory(pid):
    """(RSS, PSS) in bytes."""
    text = open(f"/proc/{pid}/smaps_rollup").read()
    return tuple(int(re.search(rf"^{key}:\s+(\d+)", text, re.M).group(1)) * 1024 for key in ("Rss", "Pss"))


def cpu(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peers(folder, work, cluster):
    """name -> (command, URL that answers once it is up, environment)."""
    ports = {name: free_port() for name in ("prometheus", "alertmanager", "postgres", "sql", "blackbox")}
    login = f"postgresql://postgres:{cluster.passwords['postgres']}@127.0.0.1:{cluster.port}/{DATABASE}?sslmode=disable"

    def write(name, text):
        path = os.path.join(work, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    targets = "".join(f"- job_name: {name}\n  static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
                      for name, port in ports.items())
    prometheus = write("prometheus.yml", "global: {scrape_interval: 15s, evaluation_interval: 15s}\nalerting:\n"
                       f"  alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{ports['alertmanager']}']}}]}}]\n"
                       f"scrape_configs:\n{targets}")
    alertmanager = write("alertmanager.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n")
    sql = write("sql.yml", f"jobs:\n- name: kpi\n  interval: 15s\n  connections: ['{login}']\n  queries:\n  - name: one\n"
                "    help: h\n    values: [v]\n    query: select 1 as v\n")
    blackbox = write("blackbox.yml", "modules: {http_2xx: {prober: http}}\n")
    at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    return {
        "prometheus": ([f"{folder}/prometheus", f"--config.file={prometheus}", f"--storage.tsdb.path={work}/prometheus",
                        f"--web.listen-address={at['prometheus']}"], f"http://{at['prometheus']}/-/ready", {}),
        "alertmanager": ([f"{folder}/prometheus-alertmanager", f"--config.file={alertmanager}",
                          f"--storage.path={work}/alertmanager", f"--web.listen-address={at['alertmanager']}",
                          "--cluster.listen-address="], f"http://{at['alertmanager']}/-/ready", {}),
        "postgres_exporter": ([f"{folder}/prometheus-postgres-exporter", f"--web.listen-address={at['postgres']}"],
                              f"http://{at['postgres']}/", {"DATA_SOURCE_NAME": login}),
        "sql_exporter": ([f"{folder}/prometheus-sql-exporter", f"-config.file={sql}", f"-web.listen-address={at['sql']}"],
                         f"http://{at['sql']}/", {}),
        "blackbox_exporter": ([f"{folder}/prometheus-blackbox-exporter", f"--config.file={blackbox}",
                               f"--web.listen-address={at['blackbox']}"], f"http://{at['blackbox']}/-/healthy", {}),
    }


def tocsin(program, work, cluster):
    """With the demo's collectors, thresholds and receivers; scraped and evaluated every 15 s as the peers are."""
    port = free_port()
    demo_config.write_rules(work)
    path = demo_config.write(work, {
        "POSTGRES_PORT": cluster.port, "PASSWORD_FILE": cluster.tocsin_password_file, "SMTP_PORT": free_port(),
        "HTTP": f"http://127.0.0.1:{free_port()}", "ALERTING": ""})
    with open(path) as file:
        text = re.sub(r"^global: .*", "global: {scrape_interval: 15s, evaluation_interval: 15s}", file.read(), flags=re.M)
    with open(path, "w") as file:
        file.write(text)
    return ([program, "run", f"--config.file={path}", f"--web.listen-address=127.0.0.1:{port}",
             f"--storage.path={work}/tocsin"], f"http://127.0.0.1:{port}/-/ready", {})


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--peers", required=True)
    arguments.add_argument("--program", default=os.path.join(ROOT, "build", "bench", "tocsin"))
    arguments.add_argument("--seconds", type=float, default=30)
    options = arguments.parse_args()
    work = tempfile.mkdtemp(prefix="tocsin-footprint-")
    os.chmod(work, 0o711)
    cluster = Cluster(work)
    running = {}
    try:
        cluster.start()
        cluster.fill(os.path.join(ROOT, "demo", "schema.sql"), os.path.join(ROOT, "demo", "generate.sql"))
        programs = {**peers(options.peers, work, cluster), "tocsin": tocsin(options.program, work, cluster)}
        starts = {}
        for name, (command, url, environment) in programs.items():
            times = []
            for _ in range(5):
                process, seconds = launch(command, url, f"{work}/{name}.log", environment)
                times.append(seconds)
                stop(process)
            starts[name] = statistics.median(times)
        for name, (command, url, environment) in programs.items():
            running[name] = launch(command, url, f"{work}/{name}.log", environment)[0]
        time.sleep(options.seconds)
        spent = {name: cpu(process.pid) for name, process in running.items()}
        print(f"{'program':<20} {'start-up s':>10} {'RSS MB':>8} {'PSS MB':>8} {'CPU s':>7}")
        totals = {"five programs": [0, 0, 0, 0]}
        for name, process in running.items():
            rss, pss = memory(process.pid)
            row = [starts[name], rss / 1e6, pss / 1e6, spent[name]]
            print(f"{name:<20} {row[0]:>10.3f} {row[1]:>8.1f} {row[2]:>8.1f} {row[3]:>7.2f}")
            if name == "tocsin":
                totals[name] = row
            else:
                totals["five programs"] = [a + b for a, b in zip(totals["five programs"], row)]
        five, ours = totals["five programs"], totals["tocsin"]
        print(f"{'five programs':<20} {five[0]:>10.3f} {five[1]:>8.1f} {five[2]:>8.1f} {five[3]:>7.2f}   (start-up one after the other)")
        print("tocsin / five        " + " ".join(f"{o / f:>9.3f}" for o, f in zip(ours, five)))
    finally:
        for process in running.values():
            stop(process)
        cluster.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
