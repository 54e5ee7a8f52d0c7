"""Stands for a container engine on a host of a page: runs the one container of a Compose file or of a DaemonSet.

  container.py run FILE CHECKOUT [SECRETS]   starts it, does what is to be done after the start, waits until it is well
  container.py exec COMMAND...               runs a command in it

The container has a root of its own: /usr and the checkout, read-only, and what the file mounts. It has the devices and
capabilities that the file grants, and no others.
"""
import ctypes
import json
import os
import subprocess
import sys
import time

import yaml

CLONE_NEWNS = 0x00020000
RECORD = '/run/container.json'
LOG = '/run/container.log'
ROOT = '/run/container'
HOST_STORE = '/var/lib/volumes'
WELL_WITHIN_S = 60


def of_compose(service, _secrets):
    """What the service of a Compose file asks for."""
    volumes = [entry.split(':') for entry in service['volumes']]
    return {
        'command': service.get('command', ['octolinkd']),
        'capabilities': service['cap_add'] if service['cap_drop'] == ['ALL'] else None,
        'devices': service['devices'],
        'binds': [(new_volume(name, at), at) for name, at in volumes],
        'memory': service['tmpfs'],
        'after': None,
        'probe': service['healthcheck']['test'][1:],
    }


def new_volume(name, at):
    """A named volume begins with what the image has there: the package made an empty configuration."""
    folder = f'{HOST_STORE}/{name}'
    os.makedirs(folder, exist_ok=True)
    if at == '/etc/octolink':
        open(f'{folder}/octolink.conf', 'a', encoding='utf8').close()
    return folder


def of_daemon_set(document, secrets):
    """What the pod of a DaemonSet asks for."""
    pod = document['spec']['template']['spec']
    assert pod['hostNetwork']
    [container] = pod['containers']
    asked = {
        'command': container['command'] + container['args'],
        'capabilities': container['securityContext']['capabilities']['add'],
        'devices': [],
        'binds': [],
        'memory': [],
        'after': container['lifecycle']['postStart']['exec']['command'],
        'probe': container['readinessProbe']['exec']['command'],
    }
    volumes = {volume['name']: volume for volume in pod['volumes']}
    for mount in container['volumeMounts']:
        volume, at = volumes[mount['name']], mount['mountPath']
        if 'emptyDir' in volume:
            asked['memory'].append(at)
        elif 'secret' in volume:
            asked['binds'].append((f"{secrets}/{volume['secret']['secretName']}", at))
        elif volume['hostPath'].get('type') == 'CharDevice':
            asked['devices'].append(at)
        else:
            asked['binds'].append((volume['hostPath']['path'], at))
    return asked


def asked_by(path, secrets):
    with open(path, encoding='utf8') as file:
        document = yaml.safe_load(file)
    if 'services' in document:
        [service] = document['services'].values()
        return of_compose(service, secrets)
    return of_daemon_set(document, secrets)


def sh(*command):
    subprocess.run(command, check=True)


def mount_all(asked, checkout):
    """Makes the root, in the mount namespace of the caller."""
    sh('mount', '--make-rprivate', '/')
    os.makedirs(ROOT, exist_ok=True)
    sh('mount', '-t', 'tmpfs', 'tmpfs', ROOT)
    for name in ('bin', 'sbin', 'lib', 'lib64'):
        os.symlink(f'usr/{name}', f'{ROOT}/{name}')
    for path in ('/proc', '/dev', '/etc', '/tmp', '/root', '/usr', checkout):
        os.makedirs(ROOT + path, exist_ok=True)
    for path in ('/usr', checkout):
        sh('mount', '--rbind', path, ROOT + path)
        sh('mount', '-o', 'remount,bind,ro', ROOT + path)
    sh('mount', '-t', 'proc', 'proc', f'{ROOT}/proc')
    for name in ('passwd', 'group', 'ld.so.cache', 'nsswitch.conf'):
        sh('cp', f'/etc/{name}', f'{ROOT}/etc/{name}')
    for device in ('/dev/null', '/dev/urandom', *asked['devices']):
        os.makedirs(os.path.dirname(ROOT + device), exist_ok=True)
        sh('touch', ROOT + device)
        sh('mount', '--bind', device, ROOT + device)
    for at in asked['memory']:
        os.makedirs(ROOT + at, exist_ok=True)
        sh('mount', '-t', 'tmpfs', 'tmpfs', ROOT + at)
    for source, at in asked['binds']:
        os.makedirs(source, exist_ok=True)
        os.makedirs(ROOT + at, exist_ok=True)
        sh('mount', '--bind', source, ROOT + at)
    # What the file has not mounted cannot be written.
    sh('mount', '-o', 'remount,ro', ROOT)


def confined(asked, command):
    """The words that run a command with no more than was granted."""
    kept = ','.join(['-all', *(f'+{name.lower()}' for name in asked['capabilities'])])
    return ['setpriv', '--no-new-privs', f'--bounding-set={kept}', f'--inh-caps={kept}', '--', *command]


def run(path, checkout, secrets):
    asked = asked_by(path, secrets)
    # Closed when the child becomes another program: then it is in its own root.
    started, starting = os.pipe()
    inside = os.fork()
    if inside == 0:
        os.setsid()
        log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for stream in (1, 2):
            os.dup2(log, stream)
        own_mounts()
        mount_all(asked, checkout)
        os.chroot(ROOT)
        os.chdir('/')
        words = confined(asked, asked['command'])
        os.execvp(words[0], words)
    with open(RECORD, 'w', encoding='utf8') as file:
        json.dump({'pid': inside, 'asked': asked}, file)
    os.close(starting)
    os.read(started, 1)
    if asked['after'] is not None and inside_run(asked['after']) != 0:
        sys.exit('what was to be done after the start failed')
    until_well(lambda: inside_run(asked['probe']) == 0)


def own_mounts():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        sys.exit('no mount namespace')


def until_well(holds):
    end = time.monotonic() + WELL_WITHIN_S
    while not holds():
        if os.waitpid(-1, os.WNOHANG) != (0, 0):
            with open(LOG, encoding='utf8') as log:
                sys.exit(f'the container has ended: {log.read()}')
        if time.monotonic() > end:
            sys.exit('the container does not become well')
        time.sleep(0.2)


def inside_run(command):
    with open(RECORD, encoding='utf8') as file:
        record = json.load(file)
    enter = ['nsenter', '-t', str(record['pid']), '-m', '-r', '-w', '--']
    return subprocess.run([*enter, *confined(record['asked'], command)], check=False).returncode


if sys.argv[1] == 'run':
    run(sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else '')
else:
    sys.exit(inside_run(sys.argv[2:]))
