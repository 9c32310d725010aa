// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/tlscontext.h"

#include "net/clientca.h"
#include "net/tlscallbacks.h"
#include "net/tlsstrength.h"

#include <array>
#include <ctime>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace gatehouse {

namespace {

constexpr int mostIntermediates = 3;      // between a client's certificate and a CA of client_ca
constexpr long longestChain = 32L * 1024; // bytes of a client's Certificate message

std::string opensslError(const std::string& what)
{
    std::array<char, 256> text{};
    const unsigned long code = ERR_peek_last_error();
    ERR_error_string_n(code, text.data(), text.size());
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(code);
    return what + ": " + (reason ? reason : text.data());
}

std::string subjectOf(const X509& certificate)
{
    std::array<char, 256> name{};
    const int length =
        X509_NAME_get_text_by_NID(X509_get_subject_name(&certificate), NID_commonName, name.data(), name.size());
    return length > 0 ? std::string(name.data()) : std::string();
}

bool configure(SSL_CTX& context, TlsVersion minVersion)
{
    if (!setTlsStrength(context, minVersion))
        return false;
    SSL_CTX_set_mode(&context, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF); // tickets alone: nothing is kept for a peer
    SSL_CTX_set_timeout(&context, std::chrono::seconds(TicketKeys::ticketLife).count());
    return SSL_CTX_set_num_tickets(&context, 1) == 1 && SSL_CTX_set_max_early_data(&context, 0) == 1 &&
           SSL_CTX_set_recv_max_early_data(&context, 0) == 1;
}

void askForCertificate(SSL_CTX& context, ClientCa ca)
{
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_verify_depth(&context, mostIntermediates);
    SSL_CTX_set_max_cert_list(&context, longestChain);
    SSL_CTX_set0_verify_cert_store(&context, ca.store.release());
    SSL_CTX_set_client_CA_list(&context, ca.names.release());
}

} // namespace

std::optional<WallTime> notAfter(const X509& certificate)
{
    std::tm time{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &time) != 1)
        return std::nullopt;
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::from_time_t(timegm(&time)));
}

std::string TlsContext::loadCertificate(const ListenerTls& settings)
{
    SSL_CTX* context = m_context.get();
    if (SSL_CTX_use_certificate_chain_file(context, settings.certificate.c_str()) != 1)
        return opensslError("cannot read certificate " + settings.certificate.string());
    if (SSL_CTX_use_PrivateKey_file(context, settings.key.c_str(), SSL_FILETYPE_PEM) != 1)
        return opensslError("cannot read private key " + settings.key.string());
    if (SSL_CTX_check_private_key(context) != 1)
        return opensslError("private key " + settings.key.string() + " does not belong to certificate " +
                            settings.certificate.string());
    const X509* certificate = SSL_CTX_get0_certificate(context);
    m_expires = notAfter(*certificate);
    m_subject = subjectOf(*certificate);
    return {};
}

/// The session id context (RFC 5077 leaves it to the server) names the listener and its client CA.
std::string TlsContext::bindTickets(const ListenerTls& settings, std::string_view listener)
{
    std::string bound(listener); // a listener's name has no NUL
    bound += '\0';
    if (!settings.clientCa.empty()) {
        auto ca = loadClientCa(settings.clientCa);
        if (!ca)
            return ca.error();
        bound.append(ca->fingerprint.begin(), ca->fingerprint.end());
        askForCertificate(*m_context, std::move(*ca));
        m_asksForCertificate = true;
    }
    std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> digest{};
    if (EVP_Q_digest(nullptr, "SHA256", nullptr, bound.data(), bound.size(), digest.data(), nullptr) != 1 ||
        SSL_CTX_set_session_id_context(m_context.get(), digest.data(), digest.size()) != 1)
        return opensslError("cannot bind tickets to the listener");
    return {};
}

Result<std::shared_ptr<const TlsContext>, std::string> TlsContext::create(const ListenerTls& settings,
                                                                          std::string_view listener, const Clock& clock)
{
    ERR_clear_error();
    std::shared_ptr<TlsContext> made(new TlsContext(clock));
    made->m_context.reset(SSL_CTX_new(TLS_server_method()));
    if (!made->m_context)
        return Failure{opensslError("cannot make a TLS context")};
    SSL_CTX_set_app_data(made->m_context.get(), made.get());
    setCallbacks(*made->m_context);
    if (!configure(*made->m_context, settings.minVersion))
        return Failure{opensslError("cannot set up TLS")};
    if (std::string problem = made->loadCertificate(settings); !problem.empty())
        return Failure{std::move(problem)};
    if (std::string problem = made->bindTickets(settings, listener); !problem.empty())
        return Failure{std::move(problem)};
    return std::shared_ptr<const TlsContext>(std::move(made));
}

SslPtr TlsContext::accept(int fd) const
{
    SslPtr ssl(SSL_new(m_context.get()));
    if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) {
        ERR_clear_error();
        return nullptr;
    }
    SSL_set_accept_state(ssl.get());
    return ssl;
}

} // namespace gatehouse
