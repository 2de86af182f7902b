/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What addresses there are in a network namespace. */
#pragma once

/*
 * The first address in the namespace, of IPv4 if there is one, that is neither of the loopback nor of one link alone; owned. NULL when there is
 * none, or it cannot be told.
 */
void network_address_find(int namespace, char **ret_address);
