import { expect, test } from 'vitest';
import { parseDiskstats, parseMeminfo, parseMounts, parseNetDev, parseStat } from './proc.ts';

test('a CPU is busy unless it idles or waits for disks, and guests are not counted twice', () => {
  const { all, cores } = parseStat(`cpu  16336 10 5308 155354 303 5 101 31 70 0
cpu0 7730 0 2335 78583 34 0 23 16 0 0
cpu1 8606 0 2972 76770 269 0 77 14 0 0
intr 422753 0 0 0 0 0
ctxt 1043210
btime 1795859493
`);
  expect(all).toEqual({
    busy: 16336 + 10 + 5308 + 5 + 101 + 31,
    total: 16336 + 10 + 5308 + 155354 + 303 + 5 + 101 + 31,
  });
  expect(cores).toEqual(
    new Map([
      ['0', { busy: 10104, total: 88721 }],
      ['1', { busy: 11669, total: 88708 }],
    ]),
  );
});

test('a CPU that is switched off has no line, and the others keep their numbers', () => {
  expect([...parseStat('cpu  1 0 0 1\ncpu0 1 0 0 1\ncpu3 1 0 0 1\n').cores.keys()]).toEqual(['0', '3']);
});

const meminfo = `MemTotal:       24684092 kB
MemFree:        23196052 kB
MemAvailable:   23459076 kB
Buffers:           28476 kB
Cached:           291320 kB
SwapCached:            0 kB
SwapTotal:       2097148 kB
SwapFree:        2000000 kB
HugePages_Total:       0
`;

test('memory is told in bytes', () => {
  expect(parseMeminfo(meminfo)).toEqual({ total: 24684092 * 1024, available: 23459076 * 1024, swapUsed: 97148 * 1024 });
});

test('where a kernel does not tell what is available, it is what is free or holds files', () => {
  const old = meminfo.replace(/^MemAvailable.*\n/m, '');
  expect(parseMeminfo(old).available).toBe((23196052 + 28476 + 291320) * 1024);
});

test('interfaces tell their bytes, also where the name touches the number', () => {
  const interfaces = parseNetDev(`Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1530112    6069    0    0    0     0          0         0  1530112    6069    0    0    0     0       0          0
  ifb0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  eth0:583474947   14283    0    0    0     0          0         0  1580980    9770    0    0    0     0       0          0
br-1f2e3d4c5b6a: 12 1 0 0 0 0 0 0 34 1 0 0 0 0 0 0
`);
  expect(interfaces).toEqual(
    new Map([
      ['ifb0', { received: 0, sent: 0 }],
      ['eth0', { received: 583474947, sent: 1580980 }],
      ['br-1f2e3d4c5b6a', { received: 12, sent: 34 }],
    ]),
  );
});

test('devices tell their bytes in sectors of 512, by kernels with 11, 15 and 17 columns', () => {
  const devices = parseDiskstats(`   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
 254       0 vda 67949 14058 2645378 13684 12559 108035 4625696 17563 0 6876 31682 5464 57 144512 391 1239 43
   8       1 sda1 5 0 8 1 7 0 16 2 0 1 2
 104       0 cciss/c0d0 5 0 2 1 7 0 4 2 0 1 2 0 0 0 0
`);
  expect(devices).toEqual(
    new Map([
      ['loop0', { read: 0, written: 0 }],
      ['vda', { read: 2645378 * 512, written: 4625696 * 512 }],
      ['sda1', { read: 8 * 512, written: 16 * 512 }],
      ['cciss/c0d0', { read: 2 * 512, written: 4 * 512 }],
    ]),
  );
});

const paths = (text: string) => parseMounts(text).map(({ path }) => path);

test('of a virtual machine, what is on its disk', () => {
  expect(
    paths(`proc /proc proc rw,relatime 0 0
sysfs /sys sysfs rw,relatime 0 0
devtmpfs /dev devtmpfs rw,relatime,size=12334492k,nr_inodes=3083623,mode=755 0 0
tmpfs /dev/shm tmpfs rw,relatime,size=24684092k 0 0
devpts /dev/pts devpts rw,relatime,mode=600,ptmxmode=000 0 0
/dev/vda / ext4 rw,relatime,discard 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
`),
  ).toEqual(['/']);
});

test('of a container, its overlay, and the disk behind its files once, by its shortest path', () => {
  expect(
    paths(`overlay / overlay rw,relatime,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B 0 0
tmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755 0 0
shm /dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k 0 0
/dev/sda1 /etc/resolv.conf ext4 rw,relatime 0 0
/dev/sda1 /etc/hostname ext4 rw,relatime 0 0
/dev/sda1 /etc/hosts ext4 rw,relatime 0 0
/dev/sda1 /data ext4 rw,relatime 0 0
`),
  ).toEqual(['/', '/data']);
});

test('of a workstation, disks near and far, but no packed ones and none that would be mounted by looking', () => {
  expect(
    paths(`/dev/mapper/vg-root / ext4 rw,relatime 0 0
/dev/nvme0n1p1 /boot/efi vfat rw,relatime 0 0
/dev/loop4 /snap/core20/1974 squashfs ro,nodev,relatime 0 0
rpool/home /home zfs rw,xattr,noacl 0 0
server:/export/media /mnt/media\\040on\\040nas nfs4 rw,relatime,vers=4.2 0 0
systemd-1 /proc/sys/fs/binfmt_misc autofs rw,relatime,fd=29 0 0
tmpfs /run/user/1000 tmpfs rw,nosuid 0 0
`),
  ).toEqual(['/', '/boot/efi', '/home', '/mnt/media on nas']);
});

test('what is mounted over another is what is seen at the path', () => {
  expect(parseMounts('/dev/sda1 /data ext4 rw 0 0\n/dev/sdb1 /data xfs rw 0 0\n')).toEqual([
    { source: '/dev/sdb1', path: '/data', type: 'xfs' },
  ]);
});
