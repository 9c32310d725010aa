# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit wire_utf8 SOURCES ${CMAKE_CURRENT_LIST_DIR}/utf8test.cpp LINKS gatehouse_wire)
