# SPDX-License-Identifier: GPL-2.0-or-later
"""A C source of middling size that includes much of what libc6-dev has."""

HEADERS = """
arpa/inet.h assert.h ctype.h dirent.h dlfcn.h errno.h fcntl.h fnmatch.h ftw.h getopt.h glob.h grp.h
inttypes.h langinfo.h limits.h locale.h math.h netdb.h netinet/in.h netinet/tcp.h poll.h pthread.h
pwd.h regex.h sched.h semaphore.h setjmp.h signal.h spawn.h stdarg.h stdbool.h stdint.h stdio.h
stdlib.h string.h strings.h sys/epoll.h sys/file.h sys/ioctl.h sys/mman.h sys/mount.h
sys/resource.h sys/select.h sys/socket.h sys/stat.h sys/statvfs.h sys/time.h sys/types.h sys/uio.h
sys/un.h sys/wait.h syslog.h termios.h time.h unistd.h utime.h wchar.h wctype.h
""".split()

FUNCTIONS = 60

FUNCTION = """
static long work_{n}(const long *value, size_t count)
{{
	long sum = {n};

	for (size_t i = 0; i < count; i++) {{
		if (value[i] % {odd} == 0)
			sum += value[i] * {n};
		else
			sum ^= value[i] << ({n} % 7);
	}}
	return sum;
}}
"""


def write(path):
    with open(path, "w", encoding="ascii") as out:
        out.writelines(f"#include <{header}>\n" for header in HEADERS)
        out.writelines(FUNCTION.format(n=n, odd=2 * n + 3) for n in range(FUNCTIONS))
        out.write("\nint main(int argc, char **argv)\n{\n\tlong value[] = { argc, 2, 3, 5 };\n"
                  "\tlong sum = argv[0][0];\n\n")
        out.writelines(f"\tsum += work_{n}(value, 4);\n" for n in range(FUNCTIONS))
        out.write('\treturn printf("%ld\\n", sum) < 0;\n}\n')
