# SPDX-License-Identifier: GPL-3.0-or-later
add_library(gatehouse_connection_scenes STATIC ${CMAKE_CURRENT_LIST_DIR}/connectionscenes.cpp ${CMAKE_CURRENT_LIST_DIR}/connectionscenes.h)
target_include_directories(gatehouse_connection_scenes PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(gatehouse_connection_scenes PUBLIC gatehouse_control gatehouse_test_support PRIVATE gatehouse_flags)

# Not a test: draws what the README shows and what a reviewer looks at.
gatehouse_add_executable(gatehouse_screenshots SOURCES ${CMAKE_CURRENT_LIST_DIR}/screenshots.cpp
    LINKS gatehouse_ui_mainwindow gatehouse_connection_scenes gatehouse_record_scenes gatehouse_policy_scenes)

gatehouse_add_test(gui connectionsmodel SOURCES ${CMAKE_CURRENT_LIST_DIR}/connectionsmodeltest.cpp
    LINKS gatehouse_ui_models gatehouse_connection_scenes)
gatehouse_add_test(gui style SOURCES ${CMAKE_CURRENT_LIST_DIR}/styletest.cpp LINKS gatehouse_ui_style gatehouse_policy)
gatehouse_add_test(gui feedbridge SOURCES ${CMAKE_CURRENT_LIST_DIR}/feedbridgetest.cpp
    LINKS gatehouse_ui_feedbridge gatehouse_test_support)
gatehouse_add_test(gui connectionspage SOURCES ${CMAKE_CURRENT_LIST_DIR}/connectionspagetest.cpp
    LINKS gatehouse_ui_mainwindow gatehouse_connection_scenes)
gatehouse_add_test(gui mainwindow SOURCES ${CMAKE_CURRENT_LIST_DIR}/mainwindowtest.cpp
    LINKS gatehouse_ui_mainwindow gatehouse_connection_scenes)
gatehouse_add_test(gui keyboard SOURCES ${CMAKE_CURRENT_LIST_DIR}/keyboardtest.cpp
    LINKS gatehouse_ui_mainwindow gatehouse_connection_scenes)
gatehouse_add_test(gui first_run SOURCES ${CMAKE_CURRENT_LIST_DIR}/firstruntest.cpp LINKS gatehouse_ui_dialogs)
