# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net control_socket SOURCES ${CMAKE_CURRENT_LIST_DIR}/controlsockettest.cpp LINKS gatehouse_api)
