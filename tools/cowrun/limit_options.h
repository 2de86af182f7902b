/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of run, create and update that are about what a container may use, as limits_text.h reads them. */
#pragma once

#include "cowrun/options.h"

/* Checks "NAME=VALUE"; options are of no interest. */
int limit_option_check(const char *text, void *options, struct problem *problem);

#define LIMIT_OPTION(letter, name, offset)                                                         \
	{                                                                                          \
		letter, name, OPTION_NAMED, offset, limit_option_check                             \
	}

/* Rules for a table of options. offset is that of a struct string_list, which gets them as texts. */
#define LIMIT_OPTIONS(offset)                                                                      \
	LIMIT_OPTION(0, "blkio-weight", offset), LIMIT_OPTION(0, "cpu-period", offset),            \
		LIMIT_OPTION(0, "cpu-quota", offset), LIMIT_OPTION('c', "cpu-shares", offset),     \
		LIMIT_OPTION(0, "cpus", offset), LIMIT_OPTION(0, "cpuset-cpus", offset),           \
		LIMIT_OPTION(0, "cpuset-mems", offset),                                            \
		LIMIT_OPTION(0, "device-read-bps", offset),                                        \
		LIMIT_OPTION(0, "device-read-iops", offset),                                       \
		LIMIT_OPTION(0, "device-write-bps", offset),                                       \
		LIMIT_OPTION(0, "device-write-iops", offset), LIMIT_OPTION('m', "memory", offset), \
		LIMIT_OPTION(0, "memory-reservation", offset),                                     \
		LIMIT_OPTION(0, "memory-swap", offset), LIMIT_OPTION(0, "pids-limit", offset)

/* Their part of a usage. */
#define LIMIT_OPTIONS_USAGE                                                                         \
	"      --cpus NUMBER            so many processors' time, as 1.5\n"                         \
	"      --cpu-period, --cpu-quota MICROSECONDS   so much time of each period (of 100000)\n"  \
	"  -c, --cpu-shares NUMBER      its part when all are busy, from 2 to 262144 (1024)\n"      \
	"      --cpuset-cpus, --cpuset-mems LIST   only these processors, memory nodes: 0-2,7\n"    \
	"  -m, --memory SIZE            so much memory, as 512m or 2g\n"                            \
	"      --memory-swap SIZE       memory and swap together; -1: all (twice --memory)\n"       \
	"      --memory-reservation SIZE   what it should shrink to when memory is short\n"         \
	"      --pids-limit NUMBER      so many processes and threads; -1: no limit\n"              \
	"      --blkio-weight NUMBER    its part of the disks when all are busy, from 10 to 1000\n" \
	"      --device-read-bps, --device-write-bps DEVICE:SIZE       bytes a second, as 1mb\n"    \
	"      --device-read-iops, --device-write-iops DEVICE:NUMBER   operations a second\n"
