/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cowrun/command.h"

#include <stdio.h>

void help_cowrun(void)
{
	(void)fputs(
		"Usage: cowrun [--root DIRECTORY] COMMAND [ARGUMENTS]\n"
		"\n"
		"Runs containers whose root file system is a cowfs union.\n"
		"\n"
		"Containers:\n"
		"  run      make a container and start it\n"
		"  create   make a container\n"
		"  start    start containers that were made, or have ended\n"
		"  stop     end containers, with SIGTERM and, in time, SIGKILL\n"
		"  restart  stop and start\n"
		"  kill     send a signal\n"
		"  pause    stop all processes where they are\n"
		"  unpause  let them go on\n"
		"  update   change what containers may use\n"
		"  wait     wait until containers have ended and print their exit codes\n"
		"  rm       remove containers\n"
		"  rename   give a container another name\n"
		"  exec     run another program in a container\n"
		"  volume   what containers share and leave behind\n"
		"\n"
		"Looking:\n"
		"  ps       list containers\n"
		"  inspect  show all that is known of a container, as JSON\n"
		"  stats    show what containers use\n"
		"  logs     show what a container printed\n"
		"  attach   show what a container prints, and type into it\n"
		"  top      show the processes of a container\n"
		"  diff     show what was changed in a container\n"
		"\n"
		"Images:\n"
		"  images   list images\n"
		"  import   make an image of a root file system\n"
		"  load     bring in images that were saved\n"
		"  save     write images to a file\n"
		"  commit   make an image of a container\n"
		"  tag      give an image a further name\n"
		"  rmi      remove images\n"
		"  history  show how an image came to be\n"
		"  image    the same by longer names, and inspect\n"
		"\n"
		"      --root DIRECTORY  where containers are kept (/var/lib/cowrun and /run/cowrun;\n"
		"                        for ordinary users ~/.local/share/cowrun)\n"
		"\n"
		"cowrun COMMAND --help tells more, and so do cowrun(1) and cowrun-images(1).\n",
		stdout);
}
