/* SPDX-License-Identifier: BSD-3-Clause */
/* true - the command that every program of the measurement runs in its container */
int main(void)
{
	return 0;
}
