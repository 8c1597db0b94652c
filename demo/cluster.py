"""A private PostgreSQL cluster: its own folder, its own free port, passwords of its own, loopback only."""

import glob
import os
import pwd
import random
import secrets
import shutil
import socket
import subprocess
import tempfile

DATABASE = "business"
MAX_CONNECTIONS = 40  # so few that a pile-up costs thirty sessions, not hundreds


def free_port():
    """A port that was free a moment ago. Chosen at random below the ports that the system gives to connections, so that
    nothing else takes it before its program does."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        given_out_from = int(file.read().split()[0])
    while True:
        port = random.randrange(10_000, max(11_000, given_out_from))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def write_private(path, text):
    """Writes a file that only its owner can read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    return path


def server_programs():
    """The folder of initdb and pg_ctl; PostgreSQL 15 where it is installed, else the newest."""
    found = glob.glob("/usr/lib/postgresql/15/bin") or sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    if on_path:
        return os.path.dirname(on_path)
    raise RuntimeError("no PostgreSQL server programs: install postgresql-15 (tools/setup demo)")


def as_server_user(command):
    """PostgreSQL refuses to run as root; the Debian package brings a user for it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else command


def working_folder(wanted):
    """A new folder below `wanted`, or below /tmp where PostgreSQL's user cannot reach `wanted`."""
    os.makedirs(wanted, exist_ok=True)
    reachable = subprocess.run(as_server_user(["test", "-x", wanted])).returncode == 0
    folder = tempfile.mkdtemp(prefix="run.", dir=wanted) if reachable else tempfile.mkdtemp(prefix="tocsin-demo.")
    os.chmod(folder, 0o711)  # PostgreSQL's user walks through; what lies inside is readable only to its owner
    return folder


class Cluster:
    """One cluster from initdb to removal. `folder` belongs to the caller, who removes it."""

    def __init__(self, folder):
        self.port = free_port()
        self.folder = folder
        self.data = os.path.join(folder, "postgresql")
        self.passwords = {role: secrets.token_urlsafe(18) for role in ("postgres", "shop", "tocsin")}
        self.password_files = {}
        self._programs = server_programs()

    def _program(self, name, *arguments):
        command = as_server_user([os.path.join(self._programs, name), *arguments])
        result = subprocess.run(command, cwd=self.data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env={**os.environ, "LC_ALL": "C"})
        if result.returncode != 0:
            raise RuntimeError(f"{name} failed: {result.stdout.strip()}")

    def start(self):
        os.mkdir(self.data, 0o700)
        password_file = write_private(os.path.join(self.folder, "initdb.password"), self.passwords["postgres"])
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.data, owner.pw_uid, owner.pw_gid)
            os.chown(password_file, owner.pw_uid, owner.pw_gid)
        self._program("initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync",
                      "--auth=scram-sha-256", f"--pwfile={password_file}")
        os.remove(password_file)
        with open(os.path.join(self.data, "postgresql.conf"), "a") as configuration:
            configuration.write(
                f"\nlisten_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = ''\n"
                f"max_connections = {MAX_CONNECTIONS}\nshared_buffers = 32MB\n"
                "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
                "logging_collector = off\n")
        self._program("pg_ctl", "-D", self.data, "-w", "-t", "300", "-s", "-l", os.path.join(self.data, "server.log"), "start")
        self._write_password_files()

    def _write_password_files(self):
        """One pgpass file per role for psql, and the plain password of tocsin's role for its configuration."""
        for role, password in self.passwords.items():
            self.password_files[role] = write_private(os.path.join(self.folder, f"{role}.pgpass"),
                                                      f"127.0.0.1:{self.port}:*:{role}:{password}\n")
        self.tocsin_password_file = write_private(os.path.join(self.folder, "tocsin.password"), self.passwords["tocsin"])

    def environment(self, role, application, database=DATABASE):
        """The environment in which psql reaches this cluster as `role`."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return {**clean, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": role, "PGDATABASE": database,
                "PGPASSFILE": self.password_files[role], "PGAPPNAME": application, "PGCONNECT_TIMEOUT": "60"}

    def psql(self, sql=None, file=None, role="postgres", database=DATABASE, application="demo"):
        """Runs SQL in one transaction and returns what it prints, tuples only."""
        source = ["-f", file] if file else ["-c", sql]
        result = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-1", "-v", "ON_ERROR_STOP=1", *source],
                                env=self.environment(role, application, database), capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"psql: {result.stderr.strip()}")
        return result.stdout.strip()

    def fill(self, schema, data):
        """Creates the roles, the database, its tables and their rows."""
        for role in ("shop", "tocsin"):
            self.psql(f"CREATE ROLE {role} LOGIN PASSWORD '{self.passwords[role]}'", database="postgres")
        subprocess.run(["createdb", DATABASE], env=self.environment("postgres", "demo", "postgres"), check=True)
        self.psql(file=schema)
        self.psql(file=data)

    def stop(self):
        if os.path.exists(os.path.join(self.data, "postmaster.pid")):
            self._program("pg_ctl", "-D", self.data, "-w", "-s", "-m", "immediate", "stop")

    def resume(self):
        """Starts the cluster again after stop()."""
        self._program("pg_ctl", "-D", self.data, "-w", "-s", "-l", os.path.join(self.data, "server.log"), "start")
