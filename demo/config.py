"""Writes the demo's configuration: tocsin.yml.in filled in, and the packs' thresholds with short waits."""

import glob
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
PACKS = os.path.join(os.path.dirname(HERE), "packs")
HOLD = "2s"  # in place of the packs' `for`, which are minutes
MIN_INTERVAL = "1s"


def pack_files(name):
    return sorted(glob.glob(os.path.join(PACKS, "*", name)))


def threshold_names(files):
    names = []
    for path in files:
        with open(path) as file:
            names += re.findall(r"^  - name: (\S+)$", file.read(), re.MULTILINE)
    return names


def pack_collectors(min_interval=MIN_INTERVAL):
    """The jobs, freshness and sql collectors of every pack, as one text. Relies on the packs' own layout: each kind is
    a line indented by two, its items follow indented by four. `min_interval` replaces the packs' own."""
    merged = {"jobs": [], "freshness": [], "sql": []}
    for path in pack_files("tocsin.yml"):
        kind, inside = None, False
        with open(path) as file:
            for line in file.read().splitlines():
                if re.match(r"\S", line):
                    inside = line == "collectors:"
                    kind = None
                elif inside and re.match(r"  \w+:$", line):
                    kind = line.strip()[:-1]
                elif inside and kind in merged and line.strip():
                    merged[kind].append(line)
    text = "".join(f"  {kind}:\n" + "\n".join(lines) + "\n" for kind, lines in merged.items() if lines)
    if min_interval is None:
        return text
    return re.sub(r"^(      min_interval:) .*$", rf"\1 {min_interval}", text, flags=re.MULTILINE)


def write_rules(folder):
    os.makedirs(os.path.join(folder, "rules"))
    files = pack_files("rules/thresholds.yml")
    for path in files:
        with open(path) as file:
            text = re.sub(r"^(    for:) .*$", rf"\1 {HOLD}", file.read(), flags=re.MULTILINE)
        pack = os.path.basename(os.path.dirname(os.path.dirname(path)))
        with open(os.path.join(folder, "rules", f"{pack}.yml"), "w") as file:
            file.write(text)
    return threshold_names(files)


def write(folder, values):
    """Fills in tocsin.yml.in. Returns the path written."""
    with open(os.path.join(HERE, "tocsin.yml.in")) as file:
        text = "".join(line for line in file if not line.startswith("#"))
    for name, value in {**values, "FOLDER": folder, "COLLECTORS": pack_collectors()}.items():
        text = text.replace(f"@{name}@", str(value))
    left = re.findall(r"@[A-Z_]+@", text)
    if left:
        raise RuntimeError(f"tocsin.yml.in: nothing known for {', '.join(left)}")
    path = os.path.join(folder, "tocsin.yml")
    with open(path, "w") as file:
        file.write(text)
    return path
