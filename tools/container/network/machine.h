/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine has for a network, beside what plugins make for each container. */
#pragma once

#include "base/problem.h"
#include "container/network/record.h"
#include "container/network/subnet.h"

/* Whether one of its interfaces has an address that overlaps. */
bool machine_has_subnet(const struct subnet *subnet);

/*
 * Containers reach other machines under the machine's own address: a rule of iptables(8) for the subnet, if it is not there
 * yet. The lock of the networks must be held. 0 or -errno with a problem.
 */
int machine_add_masquerade(const struct network_record *record, struct problem *problem);

/* Removes that, and the bridge, as far as they are there. */
void machine_remove_bridge(const struct network_record *record);
