# SPDX-License-Identifier: GPL-3.0-or-later
# A server in process against clients that misbehave; one executable for each surface.
foreach(surface admission compression hub lifecycle operator tls upgrade worker)
    gatehouse_add_test(net ${surface} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${surface}test.cpp LINKS gatehouse_test_net TIMEOUT 120)
endforeach()
