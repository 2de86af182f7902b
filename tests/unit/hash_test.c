/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hash.h"
#include "base/list.h"
#include "base/problem.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(hash, depends_on_seed_and_every_byte)
{
	uint64_t hash = hash_bytes(1, "name", 4);

	cr_assert_eq(hash, hash_bytes(1, "name", 4));
	cr_assert_neq(hash, hash_bytes(2, "name", 4));
	cr_assert_neq(hash, hash_bytes(1, "nama", 4));
	cr_assert_neq(hash, hash_bytes(1, "name", 3));
	cr_assert_neq(hash_bytes(1, "", 0), hash_bytes(2, "", 0));
}

/* Identities on disk are made of it, so it may never change. */
Test(hash, of_a_pair_is_fixed_for_good)
{
	cr_assert_eq(hash_pair(0, 1, 2), hash_pair(0, 1, 2));
	cr_assert_neq(hash_pair(0, 1, 2), hash_pair(0, 2, 1));
	cr_assert_eq(hash_pair(0, 0, 0), UINT64_C(0xd0a66a65c7528968));
}

Test(hash, random_seeds_differ)
{
	cr_assert_neq(hash_random_seed(), hash_random_seed());
}

Test(list, keeps_the_latest_in_front)
{
	struct owner {
		int number;
		struct list node;
	} one = { .number = 1 }, two = { .number = 2 };
	struct list list;

	list_init(&list);
	cr_assert(list_is_empty(&list));
	list_push_front(&list, &one.node);
	list_push_front(&list, &two.node);
	cr_assert_eq(container_of(list.next, struct owner, node)->number, 2);
	cr_assert_eq(container_of(list.previous, struct owner, node)->number, 1);
	list_remove(&two.node);
	list_remove(&two.node);
	cr_assert_eq(container_of(list.next, struct owner, node)->number, 1);
	list_remove(&one.node);
	cr_assert(list_is_empty(&list));
}

Test(problem, returns_the_error_and_holds_one_sentence)
{
	struct problem problem = { "earlier" };

	cr_assert_eq(problem_set(&problem, -EPERM, "%s: %d", "text", 5), -EPERM);
	cr_assert_str_eq(problem.text, "text: 5");
	cr_assert_eq(problem_set(NULL, -EIO, "%s", "unheard"), -EIO);
}

Test(problem, is_cut_where_it_does_not_fit)
{
	struct problem problem;

	cr_assert_eq(problem_set(&problem, 0, "%*d", 5000, 1), 0);
	cr_assert_eq(strlen(problem.text), sizeof(problem.text) - 1);
}
