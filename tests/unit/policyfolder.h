// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "completepolicy.h"
#include "policy/load.h"

#include <QTemporaryDir>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace gatehouse::test {

/// A folder with the files that `complete` names.
class PolicyFolder {
protected:
    void renew()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        write("server.pem", "certificate", 0644);
        write("server.key", "key", 0600);
        write("clients.pem", "certificate", 0644);
        write("token.key", "0123456789012345678901234567890123456789012\n", 0600);
        write("old.key", "an older secret, which signs no more\n", 0600);
        write("corp.jwks", "{\"keys\":[]}", 0644);
        write("plc.json", "{\"type\":\"object\"}", 0644);
        for (const char* name : {"news.json", "command.json", "state.json"})
            write(name, "true", 0644);
        write("upstreams.pem", std::string(framedCertificate), 0644);
        write("upstream.header", "X-Key: of the gate\n", 0640);
    }
    [[nodiscard]] std::filesystem::path path(const char* name) const
    {
        return std::filesystem::path(m_folder->path().toStdString()) / name;
    }
    void write(const char* name, const std::string& bytes, int mode) const
    {
        std::filesystem::remove(path(name));
        std::ofstream(path(name), std::ios::binary) << bytes;
        std::filesystem::permissions(path(name), static_cast<std::filesystem::perms>(mode));
    }
    [[nodiscard]] auto parse(const std::string& text) const { return parsePolicy(text, path("gatehouse.json")); }

private:
    std::unique_ptr<QTemporaryDir> m_folder;
};

} // namespace gatehouse::test
