# What the rig of several hosts needs besides the platform, sourced by bin/test.
command -v ip > /dev/null || apt_install iproute2
