# SPDX-License-Identifier: Apache-2.0
"""What the Manager must not forget: SQLAlchemy models, migrations, and the thread that runs them."""
