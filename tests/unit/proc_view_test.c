/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/cgroup/file.h"
#include "container/proc_view/load_average.h"
#include "container/proc_view/text.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <math.h>
#include <string.h>

TestSuite(proc_view, .timeout = 300);

#define MEGABYTE (UINT64_C(1) << 20)
#define SECOND UINT64_C(1000000000)

/* Two processors of four, 64 MiB of which 24 are used, two seconds of work in the first ten. */
static struct proc_view_usage example(void)
{
	struct proc_view_usage usage = {
		.memory = {
			.limit = 64 * MEGABYTE,
			.used = 24 * MEGABYTE,
			.limit_with_swap = 96 * MEGABYTE,
			.used_with_swap = 28 * MEGABYTE,
			.cache = 10 * MEGABYTE,
			.active_file = 6 * MEGABYTE,
			.inactive_file = 2 * MEGABYTE,
			.anonymous = 12 * MEGABYTE,
			.slab_reclaimable = CGROUP_UNKNOWN,
			.slab_unreclaimable = CGROUP_UNKNOWN,
		},
		.cpu = { .total = 2 * SECOND + 10000000, .user = SECOND, .system = SECOND / 2 },
		.age = 10 * SECOND + 120000000,
	};

	processor_set_add(&usage.processors, 1);
	processor_set_add(&usage.processors, 3);
	return usage;
}

/* Nothing is limited, nothing is counted. */
static struct proc_view_usage nothing(void)
{
	struct proc_view_usage usage = {
		.memory = { .limit = CGROUP_NO_LIMIT, .limit_with_swap = CGROUP_NO_LIMIT },
		.cpu = { CGROUP_UNKNOWN, CGROUP_UNKNOWN, CGROUP_UNKNOWN, CGROUP_UNKNOWN },
	};

	for (unsigned i = 0; i < 4; i++)
		processor_set_add(&usage.processors, i);
	return usage;
}

static void shows(proc_view_text *make, const char *host, const struct proc_view_usage *usage,
		  const char *expected)
{
	cleanup_buffer struct buffer text = BUFFER_INIT;

	cr_assert_eq(make(host, usage, &text), 0);
	cr_assert_str_eq(buffer_string(&text), expected);
}

/* -- memory -- */

/* Of Linux 6.18, shortened. */
static const char meminfo[] = "MemTotal:       24684084 kB\n"
			      "MemFree:        24035376 kB\n"
			      "MemAvailable:   23946344 kB\n"
			      "Buffers:            3464 kB\n"
			      "Cached:           100444 kB\n"
			      "SwapCached:           12 kB\n"
			      "Active(file):      88580 kB\n"
			      "SwapTotal:       1048576 kB\n"
			      "SwapFree:        1048000 kB\n"
			      "AnonPages:        259528 kB\n"
			      "Slab:              37308 kB\n"
			      "VmallocTotal:   34359738367 kB\n"
			      "HugePages_Total:       7\n"
			      "Hugepagesize:       2048 kB\n";

Test(proc_view, meminfo_with_a_limit)
{
	struct proc_view_usage usage = example();

	shows(proc_view_meminfo, meminfo, &usage,
	      "MemTotal:          65536 kB\n"
	      "MemFree:           40960 kB\n"
	      "MemAvailable:      49152 kB\n"
	      "Buffers:               0 kB\n"
	      "Cached:            10240 kB\n"
	      "SwapCached:            0 kB\n"
	      "Active(file):       6144 kB\n"
	      "SwapTotal:         32768 kB\n"
	      "SwapFree:          28672 kB\n"
	      "AnonPages:         12288 kB\n"
	      "Slab:                  0 kB\n"
	      "VmallocTotal:   34359738367 kB\n"
	      "HugePages_Total:       7\n"
	      "Hugepagesize:       2048 kB\n");
}

Test(proc_view, meminfo_without_a_limit)
{
	struct proc_view_usage usage = nothing();

	shows(proc_view_meminfo, meminfo, &usage, meminfo);
	usage = example();
	usage.memory.limit = usage.memory.limit_with_swap = 32 * 1024 * MEGABYTE;
	shows(proc_view_meminfo, "MemTotal: 24684084 kB\nMemFree: 7 kB\n", &usage,
	      "MemTotal: 24684084 kB\nMemFree: 7 kB\n");
}

/* Without swap accounting, version 1 knows no limit of both. */
Test(proc_view, meminfo_with_swap_not_counted)
{
	struct proc_view_usage usage = example();

	usage.memory.limit_with_swap = usage.memory.used_with_swap = CGROUP_UNKNOWN;
	shows(proc_view_meminfo, "MemTotal: 24684084 kB\nSwapTotal:       1048576 kB\n", &usage,
	      "MemTotal:          65536 kB\nSwapTotal:       1048576 kB\n");
}

Test(proc_view, meminfo_when_all_is_used)
{
	struct proc_view_usage usage = example();

	usage.memory.used = 65 * MEGABYTE;
	shows(proc_view_meminfo, "MemTotal: 24684084 kB\nMemFree: 1 kB\n", &usage,
	      "MemTotal:          65536 kB\nMemFree:               0 kB\n");
}

static const char swaps[] =
	"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	"/dev/zram0                              partition\t1048572\t\t100\t\t-2\n";

Test(proc_view, swaps)
{
	struct proc_view_usage usage = example();

	shows(proc_view_swaps, swaps, &usage,
	      "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	      "none                                    virtual\t\t32768\t\t4096\t\t0\n");
	usage.memory.limit_with_swap = usage.memory.limit;
	shows(proc_view_swaps, swaps, &usage, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	usage = nothing();
	shows(proc_view_swaps, swaps, &usage, swaps);
}

/* -- processors -- */

Test(proc_view, cpuinfo_is_renumbered)
{
	struct proc_view_usage usage = example();

	shows(proc_view_cpuinfo,
	      "processor\t: 0\nmodel name\t: a\n\nprocessor\t: 1\nmodel name\t: b\n\n"
	      "processor\t: 2\nmodel name\t: c\n\nprocessor\t: 3\nmodel name\t: d\n\n",
	      &usage, "processor\t: 0\nmodel name\t: b\n\nprocessor\t: 1\nmodel name\t: d\n\n");
	/* ARM has lines of the machine behind, and in front. */
	shows(proc_view_cpuinfo,
	      "Features : all\n\nprocessor\t: 2\nBogoMIPS : 1\n\nprocessor : 3\n\nHardware : x\n",
	      &usage, "Features : all\n\nprocessor\t: 0\n\nHardware : x\n");
}

static const char stat[] = "cpu  100 20 30 400 5 6 7 8 9 10\n"
			   "cpu0 10 2 3 40 0 0 0 1 1 1\n"
			   "cpu1 20 4 6 80 1 1 1 2 2 2\n"
			   "cpu2 30 6 9 120 2 2 2 3 3 3\n"
			   "cpu3 40 8 12 160 2 3 4 2 3 4\n"
			   "intr 95628201 0 0\n"
			   "ctxt 362141582\n"
			   "btime 1795364755\n"
			   "procs_running 11\n"
			   "softirq 1 2\n";

/* 1012 hundredths on each of two: 2024, of which 201 were used, 50 of these by the system. */
Test(proc_view, stat_of_the_group)
{
	struct proc_view_usage usage = example();

	usage.load_known = true;
	usage.running = 2;
	shows(proc_view_stat, stat, &usage,
	      "cpu  151 0 50 1823 0 0 0 0 0 0\n"
	      "cpu0 76 0 25 912 0 0 0 0 0 0\n"
	      "cpu1 75 0 25 911 0 0 0 0 0 0\n"
	      "intr 95628201 0 0\n"
	      "ctxt 362141582\n"
	      "btime 1795364755\n"
	      "procs_running 2\n"
	      "softirq 1 2\n");
}

Test(proc_view, stat_of_the_machine)
{
	struct proc_view_usage usage = example();

	usage.cpu.total = CGROUP_UNKNOWN;
	shows(proc_view_stat, "cpu  9\ncpu1 20 4 6 80 1 1 1 2 2 2\ncpu2 1 1 1 1\ncpu3 1 1 1 1\n",
	      &usage,
	      "cpu  21 5 7 81 1 1 1 2 2 2\ncpu0 20 4 6 80 1 1 1 2 2 2\n"
	      "cpu1 1 1 1 1 0 0 0 0 0 0\n");
}

Test(proc_view, uptime)
{
	struct proc_view_usage usage = example();

	shows(proc_view_uptime, "", &usage, "10.12 18.23\n");
	usage.cpu.total = 100 * SECOND;
	shows(proc_view_uptime, "", &usage, "10.12 0.00\n");
}

Test(proc_view, loadavg)
{
	struct proc_view_usage usage = example();

	shows(proc_view_loadavg, "6.76 5.68 3.95 8/164 10398\n", &usage,
	      "6.76 5.68 3.95 8/164 10398\n");
	usage.load_known = true;
	usage.load[0] = 1.5;
	usage.load[2] = 0.129;
	usage.threads = 7;
	usage.running = 2;
	shows(proc_view_loadavg, "6.76 5.68 3.95 8/164 10398\n", &usage, "1.50 0.00 0.13 2/7 0\n");
}

Test(proc_view, online)
{
	struct proc_view_usage usage = example();

	shows(proc_view_online, "", &usage, "0-1\n");
	usage.processors = processor_set_first(&usage.processors, 1);
	cr_assert(processor_set_has(&usage.processors, 1));
	shows(proc_view_online, "", &usage, "0\n");
}

Test(proc_view, load_decays_as_the_kernels)
{
	struct load_average average = { 0 };

	/* A minute of two that run: 2 * (1 - 1/e), and so on. */
	load_average_add(&average, 2, 12);
	cr_assert(fabs(average.load[0] - 2 * (1 - exp(-1.0))) < 1e-6);
	cr_assert(fabs(average.load[1] - 2 * (1 - exp(-1.0 / 5))) < 1e-6);
	cr_assert(fabs(average.load[2] - 2 * (1 - exp(-1.0 / 15))) < 1e-6);
	load_average_add(&average, 0, UINT_MAX);
	cr_assert_lt(average.load[0], 1e-6);
}

Test(proc_view, states_of_threads)
{
	cr_assert_eq(load_average_state("1 (sh) R 0 1"), 'R');
	cr_assert_eq(load_average_state("1 (a) S b) D 0 1"), 'D');
	cr_assert_eq(load_average_state("1 (sh)"), '\0');
	cr_assert_eq(load_average_state(""), '\0');
}

/* -- sets of processors -- */

static unsigned parsed(const char *list)
{
	struct processor_set set;
	int result = processor_set_parse(list, &set);

	return result == 0 ? processor_set_count(&set) : 9999;
}

Test(proc_view, lists_of_processors)
{
	cr_assert_eq(parsed(""), 0);
	cr_assert_eq(parsed("\n"), 0);
	cr_assert_eq(parsed("0\n"), 1);
	cr_assert_eq(parsed("0-3,7,9-10\n"), 7);
	cr_assert_eq(parsed("1,1,0-1"), 2);
	cr_assert_eq(parsed("0-8191"), 8192);
	cr_assert_eq(parsed("8192"), 9999);
	cr_assert_eq(parsed("99999999999999999999"), 9999);
	cr_assert_eq(parsed("3-1"), 9999);
	cr_assert_eq(parsed("1,"), 9999);
	cr_assert_eq(parsed("1-"), 9999);
	cr_assert_eq(parsed("-1"), 9999);
	cr_assert_eq(parsed("1 2"), 9999);
}

/* -- disks -- */

static const char diskstats[] =
	"   7       0 loop0 1664419 178370 132487492 406314 1560820 3665431 133373892 1057492 0 1 2\n"
	" 254       0 vda 6189335 2811968 412020228 3748033 4771502 2890748 290017368 2361399 0 1 2\n";

Test(proc_view, diskstats)
{
	struct proc_view_usage usage = example();

	shows(proc_view_diskstats, diskstats, &usage, diskstats);
	usage.io_known = true;
	shows(proc_view_diskstats, diskstats, &usage, "");
	cr_assert_eq(cgroup_io_devices_add_v1(
			     &usage.io, "254:0 Read 4096\n254:0 Write 512\n254:0 Sync 9\nTotal 9\n",
			     true),
		     0);
	cr_assert_eq(cgroup_io_devices_add_v1(&usage.io, "254:0 Read 3\n254:0 Write 1\n", false),
		     0);
	shows(proc_view_diskstats, diskstats, &usage, " 254       0 vda 3 0 8 0 1 0 1 0 0 0 0\n");
	cgroup_io_devices_free(&usage.io);
	cr_assert_eq(cgroup_io_devices_add_v2(&usage.io,
					      "7:0 rbytes=1024 wbytes=2048 rios=5 wios=6 dbytes=0\n"
					      "254:0 \n7:1\nnonsense\n"),
		     0);
	shows(proc_view_diskstats, diskstats, &usage, "   7       0 loop0 5 0 2 0 6 0 4 0 0 0 0\n");
	cgroup_io_devices_free(&usage.io);
}
