"""The completion scripts, each in its shell: what is offered behind the words typed so far."""

import os
import pty
import select
import shutil
import subprocess
import tempfile
import time
import unittest

from support import PROGRAM

COMMANDS = {"run", "exporter", "rules", "alertmanager", "check", "backtest", "test", "query", "history", "healthcheck",
            "docs"}
WEB_FLAGS = {"--web.listen-address", "--web.external-url", "--web.route-prefix", "--web.cors.origin",
             "--web.enable-remote-write-receiver", "--web.enable-lifecycle"}


class Completion:
    """The cases, for a subclass whose offered() returns the candidates behind a line."""

    shell = ""
    nothing_on_path = "PATH=/nowhere"

    def setUp(self):
        if shutil.which(self.shell) is None:
            self.skipTest(f"{self.shell} is not installed")
        folder = tempfile.TemporaryDirectory(prefix="tocsin-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.script = os.path.join(self.folder, "_tocsin")
        result = subprocess.run([PROGRAM, "docs", "completion", self.shell], capture_output=True, text=True, timeout=20)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        with open(self.script, "w", encoding="utf-8") as out:
            out.write(result.stdout)

    def test_the_script_loads_in_silence(self):
        # with nothing on the path a word of the help text that were executed would complain
        result = subprocess.run([shutil.which(self.shell), "-c", f'{self.nothing_on_path}; . "{self.script}"'],
                                capture_output=True, text=True, timeout=20, cwd=self.folder)
        self.assertEqual((result.stdout, result.stderr), ("", ""))
        self.assertEqual(os.listdir(self.folder), ["_tocsin"])

    def test_the_first_word_is_a_command(self):
        self.assertEqual(self.offered("tocsin "), COMMANDS)

    def test_behind_a_word_that_begins_commands_come_their_second_words(self):
        self.assertEqual(self.offered("tocsin check "), {"config", "rules", "alertmanager", "metrics", "collector"})
        self.assertEqual(self.offered("tocsin test "), {"promql", "rules"})

    def test_flags_of_the_command_typed(self):
        self.assertEqual(self.offered("tocsin run --web."), WEB_FLAGS)
        self.assertEqual(self.offered("tocsin check rules --lint"), {"--lint", "--lint-fatal"})

    def test_choices(self):
        self.assertEqual(self.offered("tocsin docs completion "), {"bash", "zsh", "fish"})
        self.assertEqual({word.rpartition("=")[2] for word in self.offered("tocsin run --log.level=")},
                         {"debug", "info", "warn", "error"})

    def test_files_where_a_file_is_expected(self):
        for name in ("one.yml", "two.yml"):
            open(os.path.join(self.folder, name), "w", encoding="utf-8").close()
        self.assertEqual(self.files(f"tocsin check config {self.folder}/"), {"_tocsin", "one.yml", "two.yml"})
        self.assertEqual(self.files(f"tocsin run --config.file {self.folder}/o"), {"one.yml"})

    def files(self, line):
        """The last parts of the paths offered; zsh offers the parts before them as well."""
        return {os.path.basename(word) for word in self.offered(line)} - set(self.folder.split("/"))


class BashTest(Completion, unittest.TestCase):
    shell = "bash"

    def offered(self, line):
        words = []
        for word in line.split(" "):
            words += [part for part in word.replace("=", " = ").split(" ")] if "=" in word else [word]
        script = (f'source "{self.script}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tocsin; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        result = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, timeout=20)
        self.assertEqual(result.stderr, "")
        return set(result.stdout.split())


class FishTest(Completion, unittest.TestCase):
    shell = "fish"
    nothing_on_path = "set PATH /nowhere"

    def offered(self, line):
        result = subprocess.run(["fish", "-c", f'source "{self.script}"; complete -C $argv[1]', line],
                                capture_output=True, text=True, timeout=20, env={**os.environ, "HOME": self.folder})
        self.assertEqual(result.stderr, "")
        return {row.split("\t")[0] for row in result.stdout.splitlines()}


class ZshTest(Completion, unittest.TestCase):
    """zsh completes only at a terminal: the test is one, and has the shell write down what it is about to offer."""

    shell = "zsh"
    nothing_on_path = "compdef() { }; PATH=/nowhere"

    def offered(self, line):
        found = os.path.join(self.folder, ".found")
        setup = os.path.join(self.folder, ".zshrc")
        with open(setup, "w", encoding="utf-8") as out:
            out.write(f"""\
PS1=; RPS1=; unsetopt zle_bracketed_paste prompt_cr prompt_sp 2>/dev/null
fpath=("{self.folder}" $fpath)
autoload -Uz compinit
compinit -u -D
# the matches of the last compadd that are offered, one a line
compadd() {{
  local -a matches
  builtin compadd -O matches "$@" 2>/dev/null
  (( $#matches )) && print -rl -- $matches >> "{found}"
  builtin compadd "$@"
}}
ask() {{ zle complete-word; : > "{found}.done"; }}
zle -N ask
bindkey '^I' ask
: > "{found}.ready"
""")
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update({"ZDOTDIR": self.folder, "HOME": self.folder, "TERM": "dumb"})
            os.execvp("zsh", ["zsh", "-d", "-i"])
        try:
            self.await_file(terminal, found + ".ready")
            os.write(terminal, (line + "\t").encode())
            self.await_file(terminal, found + ".done")
        finally:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            os.close(terminal)
        words = set()
        if os.path.exists(found):
            with open(found, encoding="utf-8") as rows:
                words = {row.strip().rstrip("=") for row in rows}
        for name in os.listdir(self.folder):
            if name.startswith("."):
                os.remove(os.path.join(self.folder, name))
        return words

    def await_file(self, terminal, path):
        deadline = time.monotonic() + 60
        while not os.path.exists(path):
            self.assertLess(time.monotonic(), deadline, f"zsh did not write {path}")
            if select.select([terminal], [], [], 0.05)[0]:
                os.read(terminal, 65536)


if __name__ == "__main__":
    unittest.main()
