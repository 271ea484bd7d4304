// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain
package import ModelMonitoring

/// Brings notices to webhooks, Slack, Alertmanager and mail servers.
///
/// Where a destination lies is the administrator's to say: addresses of this machine and of its network are taken like
/// any other. Nothing of an answer is told but its status.
package struct AlertDelivery: AlertSink {
    /// The most that one attempt takes.
    static let patience: Duration = .seconds(10)

    private let secrets: SecretReader
    private let http: HTTPDelivery
    private let mail: MailDelivery

    /// - Parameters:
    ///   - dataFolder: Of which no file is a secret of a destination's, but for what is in its folder `secrets`.
    ///   - authorities: A PEM file with certificates to trust beside those that the system trusts.
    ///   - environment: Of the server.
    package init(dataFolder: String, authorities: String?, environment: [String: String]) {
        secrets = SecretReader(dataFolder: dataFolder, environment: environment)
        http = HTTPDelivery(authorities: authorities)
        mail = MailDelivery(authorities: authorities)
    }

    package func deliver(
        _ notice: AlertNotice, to destination: AlertDestination
    ) async throws(DeliveryFailure) {
        do {
            let address = try address(of: destination)
            let secret = try destination.secret.map { try secrets.secret($0) }
            switch destination.kind {
            case .webhook:
                try await http.post(
                    webhookBody(notice), to: address, headers: webhookHeaders(notice, secret: secret, at: Date()))
            case .slack: try await http.post(slackBody(notice), to: address, headers: [])
            case .alertmanager:
                try await http.post(
                    alertmanagerBody(notice), to: alertmanagerAddress(address),
                    headers: secret.map { [("authorization", "Bearer \(text($0))")] } ?? [])
            case .mail:
                guard let heads = destination.mail else { throw DeliveryFailure("nobody is named to write to") }
                try await mail.send(
                    MailMessage(notice, heads), to: address, password: secret.map(text), user: heads.user)
            }
        } catch let failure as DeliveryFailure {
            throw failure
        } catch let error as any ExplainedError {
            throw DeliveryFailure(error.explanation.message)
        } catch {
            throw DeliveryFailure("it cannot be reached")
        }
    }

    package func check(_ destination: AlertDestination) throws(Refusal) {
        if destination.kind == .slack, case .url = destination.address {
            throw Refusal(
                .outOfRange, .invalidInput, "The address of a Slack webhook is a secret.",
                hint: "Say where it is: --slack \(SecretReference.form).", details: [.init("field", "address")])
        }
        _ = try address(of: destination)
        _ = try destination.secret.map { (reference) throws(Refusal) in try secrets.secret(reference) }
        if destination.mail?.user != nil, destination.secret == nil {
            throw Refusal(
                .missingValue, .invalidInput, "Who logs in at a mail server has a password.",
                hint: "Say where it is: --secret \(SecretReference.form).", details: [.init("field", "secret")])
        }
    }

    private func address(of destination: AlertDestination) throws(Refusal) -> URLComponents {
        let given: String =
            switch destination.address {
            case .url(let url): url
            case .secret(let reference): text(try secrets.secret(reference))
            }
        let schemes = destination.kind == .mail ? ["smtp", "smtps"] : ["http", "https"]
        guard given.utf8.count <= 2000, given.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let parts = URLComponents(string: given), let scheme = parts.scheme?.lowercased(), schemes.contains(scheme),
            parts.host?.isEmpty == false, parts.user == nil, parts.password == nil, parts.fragment == nil,
            destination.kind != .mail || (parts.query == nil && ["", "/"].contains(parts.path))
        else {
            // Not repeated: it may be a secret, or have one in it.
            throw Refusal(
                .outOfRange, .invalidInput, "The address of the destination is none.",
                hint:
                    "Write it as \(schemes[1])://HOST:PORT\(destination.kind == .mail ? "" : "/PATH"), without a name or "
                    + "a password in it; or as \(SecretReference.form), where it lies.",
                details: [.init("field", "address")])
        }
        return parts
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Alertmanager is named by its address; what alerts are sent to lies below.
private func alertmanagerAddress(_ base: URLComponents) -> URLComponents {
    var address = base
    let path = base.path.hasSuffix("/") ? String(base.path.dropLast()) : base.path
    if !path.hasSuffix("/api/v2/alerts") { address.path = path + "/api/v2/alerts" }
    return address
}
