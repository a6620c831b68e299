# SPDX-License-Identifier: BSD-3-Clause
"""dask_ssh.py - the guide's recipe for Dask: a worker per slot, started by SSHCluster."""
import collections
import socket
import subprocess

from dask.distributed import Client, SSHCluster


def connect_options(host):
    """What asyncssh must be told, since it does not know our ssh's configuration."""
    said = subprocess.run(["ssh", "-G", host], check=True, capture_output=True, text=True)
    ssh = dict(line.split(" ", 1) for line in said.stdout.splitlines() if " " in line)
    return {
        "config": None,
        "port": int(ssh["port"]),
        "username": ssh["user"],
        "client_keys": [ssh["identityfile"]],
        "known_hosts": ssh["globalknownhostsfile"],
        "host_key_alias": ssh["hostkeyalias"],
    }


def main():
    with open("/run/shifter/hosts.slots", encoding="ascii") as lines:
        hosts = [line.split(" slots=") for line in lines]
    cluster = SSHCluster(
        [hosts[0][0]] + [host for host, _ in hosts],
        connect_options=connect_options(hosts[0][0]),
        scheduler_options={"port": 0, "dashboard": False},
        worker_options={"nthreads": 1, "n_workers": int(hosts[0][1]), "dashboard": False},
    )
    with cluster, Client(cluster) as client:
        client.wait_for_workers(sum(int(slots) for _, slots in hosts), timeout=60)
        where = client.run(socket.gethostname)
        print(sorted(collections.Counter(where.values()).items()))


if __name__ == "__main__":
    main()
