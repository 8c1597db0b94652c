"""`make demo`: a private database breaks on a schedule, tocsin notices, people are told. See README.md beside this file.

Usage: main.py PROGRAM. Environment: DEMO_SECONDS ends the demo by itself, with exit status 0 only if every expected
notification arrived; DATABASE_URL watches that database instead of a private one, and breaks nothing.
"""

import contextlib
import os
import re
import shutil
import signal
import sys
import time

import cluster as clusters
import config
import expect
import faults
import sinks
from processes import Process, get_text
from timeline import Timeline, Watcher

HERE = os.path.dirname(os.path.abspath(__file__))
LOOK_EVERY = 0.25
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AFTER_STORY = 20  # what the last notifications may take

# Once the story is told, life goes on, so that nothing turns stale by itself while somebody looks around.
USUAL_BUSINESS = """
UPDATE tenant_airbyte_sync_status SET last_synced_at = now() WHERE last_synced_at < now() - interval '25 minutes';
UPDATE metrics_snapshots SET snapshot_generated_at = now() WHERE snapshot_generated_at < now() - interval '25 minutes';
UPDATE processing_jobs SET status = 'completed', completed_at = now()
    WHERE status = 'processing' AND started_at < now() - interval '9 minutes';
UPDATE processing_jobs SET status = 'processing', started_at = now()
    WHERE status = 'queued' AND created_at < now() - interval '8 minutes'"""


def say(text=""):
    print(text, flush=True)


def demo_seconds():
    text = os.environ.get("DEMO_SECONDS", "")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        sys.exit(f'demo: DEMO_SECONDS must be a number of seconds, not "{text}"')


def start_alertmanager(stack, folder):
    """A real Alertmanager. Returns its URL, or None where the package is not installed."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if not program:
        say("prometheus-alertmanager is not installed: its part is left out of the demo and of what is expected")
        return None
    url = f"http://127.0.0.1:{clusters.free_port()}"
    process = Process("alertmanager", [
        program, f"--config.file={os.path.join(HERE, 'alertmanager.yml')}", "--cluster.listen-address=",
        f"--storage.path={os.path.join(folder, 'alertmanager')}", f"--web.listen-address={url.removeprefix('http://')}"],
        folder)
    stack.callback(process.stop)
    process.wait_ready(f"{url}/-/ready")
    return url


def start_tocsin(stack, folder, program, configuration, environment=None):
    url = f"http://127.0.0.1:{clusters.free_port()}"
    process = Process("tocsin", [program, "run", f"--config.file={configuration}",
                                 f"--web.listen-address={url.removeprefix('http://')}", f"--web.external-url={url}",
                                 f"--storage.path={os.path.join(folder, 'data')}"], folder, environment)
    stack.callback(process.stop)
    process.wait_ready(f"{url}/-/ready")
    return process, url


def print_urls(rows):
    say()
    for name, url in rows:
        say(f"  {name:<13} {url}")
    say()


def private_database(stack, folder):
    began = time.monotonic()
    database = clusters.Cluster(folder)
    stack.callback(database.stop)
    database.start()
    database.fill(os.path.join(HERE, "schema.sql"), os.path.join(HERE, "generate.sql"))
    say(f"a private PostgreSQL cluster with the tables of four systems, filled in {time.monotonic() - began:.1f} s")
    return database


def play(timeline, watcher, process, until, steps=(), expected=(), business=None):
    """Takes each step when it is due, and looks in between; to `until` (seconds, None: for ever)."""
    ahead = list(steps)
    next_business = 0
    while until is None or time.monotonic() - timeline.start < until:
        now = time.monotonic() - timeline.start
        if process.ended():
            raise RuntimeError(f"tocsin ended by itself:\n{process.tail()}")
        if ahead and now >= ahead[0].at:
            step = ahead.pop(0)
            expect.begin(expected, step, time.monotonic())  # before the act: the answer may be quick
            timeline.say(step.kind, step.text)
            step.act()
        elif business and not ahead and now >= next_business:
            business()
            next_business = now + 10
        watcher.look()
        time.sleep(LOOK_EVERY)


def run_story(stack, folder, program, seconds):
    database = private_database(stack, folder)
    alertmanager_url = start_alertmanager(stack, folder)
    inbox = sinks.Inbox(config.write_rules(folder))
    http_sink = sinks.HttpSink(inbox)
    stack.callback(http_sink.stop)
    mail_sink = sinks.MailSink(inbox, clusters.free_port())
    stack.callback(mail_sink.stop)
    alerting = ""
    if alertmanager_url:
        target = alertmanager_url.removeprefix("http://")
        alerting = f'alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{target}"]}}]}}]}}\n'
    configuration = config.write(folder, {
        "POSTGRES_PORT": database.port, "PASSWORD_FILE": database.tocsin_password_file, "SMTP_PORT": mail_sink.port,
        "HTTP": f"http://127.0.0.1:{http_sink.port}", "ALERTING": alerting})
    process, url = start_tocsin(stack, folder, program, configuration)
    print_urls([("tocsin", url), ("metrics", f"{url}/metrics"), ("alerts", f"{url}/api/v1/alerts"),
                ("Alertmanager", f"{alertmanager_url}/api/v2/alerts" if alertmanager_url else "(not installed)"),
                ("PostgreSQL", f"postgresql://tocsin@127.0.0.1:{database.port}/{clusters.DATABASE}"),
                ("files", folder)])

    steps, undo = faults.story(database)
    stack.callback(undo)
    shortest = steps[-1].at + AFTER_STORY
    if seconds and seconds < shortest:
        say(f"note: the story takes about {shortest:.0f} s; with DEMO_SECONDS={seconds:g} its end will be missing")
    say(f"The demo ends by itself after {seconds:g} s; Ctrl-C ends it now." if seconds
        else "Ctrl-C ends the demo and removes everything it started.")
    say()
    expected = expect.expectations(with_alertmanager=alertmanager_url is not None)
    timeline = Timeline(time.monotonic())
    watcher = Watcher(timeline, inbox, url, alertmanager_url, expected)
    interrupted = False
    try:
        play(timeline, watcher, process, seconds, steps, expected, lambda: database.psql(USUAL_BUSINESS))
    except KeyboardInterrupt:
        interrupted = True
    return finish(expected, timeline, inbox, process, interrupted)


def finish(expected, timeline, inbox, process, interrupted):
    text, missing = expect.report(expected, timeline.start)
    say(f"\n{text}\n")
    retried = "; the one Slack refused with 429 came again" if inbox.refusals else ""
    say(f"{len(expected) - len(missing)} of {len(expected)} expected notifications arrived{retried}")
    if interrupted:
        return 0
    status = process.stop()
    if status != 0:
        say(f"tocsin ended with {status} where 0 was expected:\n{process.tail()}")
    for item in missing:
        say(f"missing: {item.alert} {item.severity} {item.state} at {item.channel} {item.receiver}")
    if missing:
        say(f"\nthe last lines of tocsin's log:\n{process.tail()}")
    return 1 if missing or status != 0 else 0


def run_own_database(stack, folder, program, seconds):
    """Watches DATABASE_URL with demo/starter. Messages go to SLACK_WEBHOOK_URL where it is set, else to the terminal."""
    starter = os.path.join(HERE, "starter")
    inbox = sinks.Inbox(config.threshold_names([os.path.join(starter, "rules", "thresholds.yml")]))
    http_sink = sinks.HttpSink(inbox, slack_refusals=0)
    stack.callback(http_sink.stop)
    slack = os.environ.get("SLACK_WEBHOOK_URL") or f"http://127.0.0.1:{http_sink.port}/slack/your-channel"
    process, url = start_tocsin(stack, folder, program, os.path.join(starter, "tocsin.yml"), {"SLACK_WEBHOOK_URL": slack})
    print_urls([("tocsin", url), ("metrics", f"{url}/metrics"), ("alerts", f"{url}/api/v1/alerts"),
                ("configuration", os.path.join(starter, "tocsin.yml"))])
    timeline = Timeline(time.monotonic())
    watcher = Watcher(timeline, inbox, url)
    with contextlib.suppress(KeyboardInterrupt):
        play(timeline, watcher, process, seconds)
    up = re.search(r"^pg_up(\{.*\})? 1$", get_text(f"{url}/metrics"), re.MULTILINE)
    say("\nthe database answers" if up else f"\nthe database was not reached:\n{process.tail()}")
    return 0 if up else 1


def keep_history(folder, wanted):
    """What the rules judged, and the rules, for `tocsin backtest`; the next demo replaces them."""
    last = os.path.join(wanted, "last")
    shutil.rmtree(last, ignore_errors=True)
    for name in ("data", "rules"):
        if os.path.isdir(os.path.join(folder, name)):
            shutil.move(os.path.join(folder, name), os.path.join(last, name))
    if os.path.isdir(os.path.join(last, "data")):
        say(f"its samples and rules are kept in {last} until the next demo (docs/operations.md: backtest)")


def end_on_signal(*_):
    raise KeyboardInterrupt


def main(program):
    for name in ENDING_SIGNALS:
        signal.signal(name, end_on_signal)
    seconds = demo_seconds()
    wanted = os.environ.get("DEMO_FOLDER", os.path.join(os.path.dirname(HERE), "build", "demo"))
    with contextlib.ExitStack() as stack:
        folder = clusters.working_folder(wanted)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(keep_history, folder, wanted)
        run = run_own_database if os.environ.get("DATABASE_URL") else run_story
        try:
            return run(stack, folder, program, seconds)
        finally:
            for name in ENDING_SIGNALS:  # a second Ctrl-C must not leave half of it running
                signal.signal(name, signal.SIG_IGN)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
    except RuntimeError as error:
        sys.exit(f"demo: {error}")
