/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port of the later sshd, bound from the set-up on
 */
#include "kernel/host_facts.h"
#include "model/port.h"
#include "verbs/port_taken.h"
#include "verbs/setup.h"

#include <arpa/inet.h>
#include <errno.h>

static int parse_listen_address(const char *text, struct shf_network *network)
{
	if (inet_pton(AF_INET, text, network->address) == 1) {
		network->family = AF_INET;
		network->prefix = 32;
		return 0;
	}
	if (inet_pton(AF_INET6, text, network->address) == 1) {
		network->family = AF_INET6;
		network->prefix = 128;
		return 0;
	}
	return -EINVAL;
}

static int choose_port(struct setup *s, uint32_t *port)
{
	const struct shf_config *config = &s->ctx->config;
	int rc;

	*port = s->spec.sshd_port ? s->spec.sshd_port : config->sshd_port;
	if (s->spec.sshd_port || !config->sshd_ports.high)
		return 0;
	rc = shf_check_port_range(&config->sshd_ports, &s->ctx->report);
	if (rc == 0)
		*port = shf_port_of(&config->sshd_ports, s->spec.id);
	return rc;
}

int shf_setup_open_port(struct setup *s)
{
	const struct shf_config *config = &s->ctx->config;
	const struct shf_network *networks = config->sshd_listen;
	size_t n_networks = config->n_sshd_listen;
	struct shf_network one = { 0 };
	uint32_t port;
	int rc;

	if (!(s->spec.flags & SHIFTER_SETUP_SSHD))
		return 0;
	if (s->spec.listen_address) {
		if (parse_listen_address(s->spec.listen_address, &one) < 0)
			return shf_fail(&s->ctx->report, SHIFTER_FAULT_CALLER, EINVAL,
					"malformed listen address '%s': it is not numeric",
					s->spec.listen_address);
		networks = &one;
		n_networks = 1;
	}
	rc = choose_port(s, &port);
	if (rc < 0)
		return rc;
	rc = shf_open_listeners(port, networks, n_networks, &s->listeners, &s->ctx->report);
	if (rc == -EADDRINUSE)
		return shf_report_taken_port(s, port);
	if (rc == 0)
		s->record.port = port;
	return rc;
}
