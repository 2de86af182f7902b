/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "container/network/host_ports.h"
#include "container/network/kind.h"
#include "container/network/port.h"
#include "container/network/rate.h"
#include "container/network/resolver.h"
#include "container/network/subnet.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

TestSuite(network, .timeout = 300);

/* -- ports -- */

static const char *canonical(const char *text)
{
	static char result[PORT_TEXT_SIZE];
	struct port_mapping mapping;
	struct problem problem = { "" };

	cr_assert_eq(port_mapping_read(text, &mapping, &problem), 0, "%s", problem.text);
	port_mapping_text(&mapping, result);
	return result;
}

Test(network, ports)
{
	cr_assert_str_eq(canonical("80"), ":80/tcp");
	cr_assert_str_eq(canonical("8080:80"), "8080:80/tcp");
	cr_assert_str_eq(canonical("8080:80/udp"), "8080:80/udp");
	cr_assert_str_eq(canonical("8000-8009:80-89"), "8000-8009:80-89/tcp");
	cr_assert_str_eq(canonical("80-89"), ":80-89/tcp");
	cr_assert_str_eq(canonical("127.0.0.1:8080:80/tcp"), "127.0.0.1:8080:80/tcp");
	cr_assert_str_eq(canonical("127.0.0.1::80"), "127.0.0.1::80/tcp");
	cr_assert_str_eq(canonical("[::1]:8080:80"), "[::1]:8080:80/tcp");
	cr_assert_str_eq(canonical("[0:0:0::1]::80/udp"), "[::1]::80/udp");
	cr_assert_str_eq(canonical(":80"), ":80/tcp");
	cr_assert_str_eq(canonical("1-65535:1-65535"), "1-65535:1-65535/tcp");
}

Test(network, bad_ports)
{
	static const char *const texts[] = {
		"",
		"a",
		"0",
		"65536",
		"-1",
		"1-",
		"-80",
		"80-70",
		"80:",
		"80:81-82",
		"81-82:80",
		"1:2:3",
		"::80",
		"80/sctp",
		"80/",
		"80/tcp/udp",
		"+80",
		" 80",
		"80 ",
		"[::1]:80",
		"[::1:80:80",
		"::1:80:80",
		"[127.0.0.1]:80:80",
		"localhost:80:80",
		"1.2.3:80:80",
		"[]:80:80",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct port_mapping mapping = { .container = 7 };
		struct problem problem = { "" };

		cr_expect_eq(port_mapping_read(texts[i], &mapping, &problem), -EINVAL, "%s",
			     texts[i]);
		cr_expect_eq(mapping.container, 7, "%s", texts[i]);
		cr_expect_neq(problem.text[0], '\0', "%s", texts[i]);
	}
}

Test(network, exposed_ports_that_are_published)
{
	struct string_list list = STRING_LIST_INIT;
	struct port_mapping mapping;

	cr_assert_eq(string_list_add(&list, "8000-8009:80-89/tcp"), 0);
	cr_assert_eq(port_mapping_read("80", &mapping, NULL), 0);
	cr_assert(port_list_has(&list, &mapping));
	cr_assert_eq(port_mapping_read("85-89/tcp", &mapping, NULL), 0);
	cr_assert(port_list_has(&list, &mapping));
	cr_assert_eq(port_mapping_read("85-90", &mapping, NULL), 0);
	cr_assert_not(port_list_has(&list, &mapping));
	cr_assert_eq(port_mapping_read("80/udp", &mapping, NULL), 0);
	cr_assert_not(port_list_has(&list, &mapping));
	string_list_free(&list);
}

/* A port that is free, then the same one again. */
Test(network, ports_of_the_machine)
{
	struct string_list wanted = STRING_LIST_INIT, again = STRING_LIST_INIT;
	struct host_ports ports = HOST_PORTS_INIT, others = HOST_PORTS_INIT;
	struct port_mapping mapping;
	struct problem problem = { "" };

	cr_assert_eq(string_list_add(&wanted, "127.0.0.1::80-81/tcp"), 0);
	cr_assert_eq(host_ports_take(&wanted, &ports, &problem), 0, "%s", problem.text);
	cr_assert_eq(ports.count, 2);
	cr_assert_eq(ports.taken.count, 2);
	cr_assert_eq(port_mapping_read(ports.taken.strings[1], &mapping, NULL), 0);
	cr_assert_str_eq(mapping.address, "127.0.0.1");
	cr_assert_eq(mapping.container, 81);
	cr_assert_neq(mapping.host, 0);
	cr_assert_eq(string_list_add(&again, ports.taken.strings[1]), 0);
	cr_assert_eq(host_ports_take(&again, &others, &problem), -EADDRINUSE);
	cr_assert_eq(others.count, 0);
	host_ports_release(&ports);
	cr_assert_eq(ports.taken.count, 2);
	cr_assert_eq(host_ports_take(&again, &others, &problem), 0, "%s", problem.text);
	host_ports_free(&others);
	host_ports_free(&ports);
	string_list_free(&wanted);
	string_list_free(&again);
}

/* -- modes -- */

Test(network, kinds)
{
	cr_assert_eq(network_kind("host"), NETWORK_OTHERS);
	cr_assert_eq(network_kind("container:x"), NETWORK_OTHERS);
	cr_assert_eq(network_kind("none"), NETWORK_ALONE);
	cr_assert_eq(network_kind("private"), NETWORK_ALONE);
	cr_assert_eq(network_kind("pasta"), NETWORK_PASTA);
	cr_assert_eq(network_kind("bridge"), NETWORK_NAMED);
	cr_assert_not(network_is_connected("host"));
	cr_assert_not(network_is_connected("none"));
	cr_assert(network_is_connected("slirp4netns"));
	cr_assert(network_is_connected("mine"));
}

/* -- rates and subnets -- */

Test(network, rates)
{
	static const char *const bad[] = {
		"",	  "0",	  "7999",  "mbit", "10mb",
		"-1",	  "1.5m", "1001g", "10 m", "99999999999999999999",
		"10mbitx"
	};
	struct problem problem = { "" };
	int64_t bits = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(rate_read(bad[i], &bits, &problem), -EINVAL, "%s", bad[i]);
	cr_assert_eq(bits, 7);
	cr_assert_eq(rate_read("10mbit", &bits, &problem), 0);
	cr_assert_eq(bits, 10000000);
	cr_assert_eq(rate_read("8k", &bits, &problem), 0);
	cr_assert_eq(bits, 8000);
	cr_assert_eq(rate_read("1000gbit", &bits, &problem), 0);
	cr_assert_eq(bits, 1000000000000);
}

Test(network, subnets)
{
	static const char *const bad[] = { "",
					   "10.0.0.0",
					   "10.0.0.0/",
					   "10.0.0.0/7",
					   "10.0.0.0/31",
					   "10.0.0.1/24",
					   "300.0.0.0/8",
					   "10.0.0.0/24/1",
					   "::/64",
					   "10.0.0.0/+24" };
	struct subnet subnet, other;
	char text[SUBNET_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(subnet_read(bad[i], &subnet), -EINVAL, "%s", bad[i]);
	cr_assert_eq(subnet_read("10.89.4.0/22", &subnet), 0);
	subnet_text(&subnet, text);
	cr_assert_str_eq(text, "10.89.4.0/22");
	cr_assert(subnet_has(&subnet, 0x0a590401));
	cr_assert(subnet_has(&subnet, 0x0a5907fe));
	cr_assert_not(subnet_has(&subnet, 0x0a590400));
	cr_assert_not(subnet_has(&subnet, 0x0a5907ff));
	cr_assert_not(subnet_has(&subnet, 0x0a590801));
	cr_assert_eq(subnet_read("10.89.7.0/24", &other), 0);
	cr_assert(subnet_overlaps(&subnet, &other));
	cr_assert(subnet_overlaps(&other, &subnet));
	cr_assert_eq(subnet_read("10.89.8.0/24", &other), 0);
	cr_assert_not(subnet_overlaps(&subnet, &other));
}

/* -- name servers -- */

static void resolver_is(const char *mode, const char *server, const char *host,
			const char *expected)
{
	struct string_list servers = STRING_LIST_INIT;
	struct buffer text = BUFFER_INIT;

	if (server)
		cr_assert_eq(string_list_add(&servers, server), 0);
	cr_assert_eq(resolver_make(mode, &servers, host, &text), 0);
	cr_assert_str_eq(buffer_string(&text), expected, "%s", mode);
	buffer_free(&text);
	string_list_free(&servers);
}

Test(network, name_servers)
{
	static const char host[] =
		"# ours\nnameserver 127.0.0.53\nnameserver\t10.1.1.1\nsearch a b";

	resolver_is("host", NULL, host,
		    "# ours\nnameserver 127.0.0.53\nnameserver\t10.1.1.1\nsearch a b\n");
	resolver_is("pasta", NULL, host, "nameserver 169.254.1.1\nsearch a b\n");
	resolver_is("slirp4netns", NULL, host, "nameserver 10.0.2.3\nsearch a b\n");
	resolver_is("bridge", NULL, host, "# ours\nnameserver\t10.1.1.1\nsearch a b\n");
	resolver_is("pasta", "9.9.9.9", host, "nameserver 9.9.9.9\nsearch a b\n");
	resolver_is("host", "9.9.9.9", host, "nameserver 9.9.9.9\nsearch a b\n");
	/* Nobody would know more. */
	resolver_is("pasta", NULL, "search a\n", "search a\n");
	resolver_is("slirp4netns", NULL, "", "");
	cr_assert(resolver_has_outer_server(host));
	cr_assert_not(resolver_has_outer_server("nameserver ::1\nnameserver 127.0.0.1\n"));
}
