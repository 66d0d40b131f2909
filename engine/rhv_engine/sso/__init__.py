# SPDX-License-Identifier: Apache-2.0
"""Single sign-on: passwords, signed assertions, and the tokens given for them."""
