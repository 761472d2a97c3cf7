# What tests of several hosts need besides the platform, sourced by bin/test.
command -v ip > /dev/null || apt_install iproute2
command -v ssh > /dev/null || apt_install openssh-client
