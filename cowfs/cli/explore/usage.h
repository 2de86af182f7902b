/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cowfs explore --help says. For operand.c only. */
#pragma once

static const char usage[] =
	"Usage: cowfs explore [OPTIONS] STACK\n"
	"       cowfs explore [OPTIONS] [--image NAME] IMAGE\n"
	"       cowfs explore [OPTIONS] --layers LAYER[:LAYER...]\n"
	"\n"
	"Shows layers in a terminal: on the left the layers, on the right the tree as of the selected one\n"
	"and what that one adds (A), changes (C) and deletes (D). STACK is a mounted union, or\n"
	"LAYER[:LAYER...]. IMAGE is a file: an archive of docker save, or of an OCI layout, plain or packed by\n"
	"gzip or zstd; or a directory with oci-layout and index.json, or with a manifest.json that is a list.\n"
	"Its layers are unpacked in $TMPDIR or /var/tmp until the end.\n"
	"\n"
	"  Tab                to the other pane\n"
	"  Up, Down, PgUp, PgDn, Home, End  move\n"
	"  Right, Enter       show what is in a directory, or view a file\n"
	"  Left               hide it, or go to what it is in\n"
	"  v                  view the file, as of the selected layer\n"
	"  w                  which layers have something under this name, and what hides what\n"
	"  c                  only what the layer changes, or all\n"
	"  /                  filter: names with a text in them, or paths when it has a slash\n"
	"  r                  look at the layers again\n"
	"  q                  quit, or end the filter\n"
	"\n"
	"      --image NAME   which image of several in an archive: its name, or the beginning of its digest\n"
	"      --layers LAYER[:LAYER...]  instead of STACK, and layers whatever they hold; the first is the topmost\n"
	"      --upper UPPER  a writable layer above them\n"
	"  -o, --options OPTION[,OPTION...]  as for cowfs mount: workdir=, uidmapping= and kin\n"
	"      --help, --version\n";
