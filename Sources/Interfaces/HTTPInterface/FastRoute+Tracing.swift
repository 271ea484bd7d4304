// SPDX-License-Identifier: Apache-2.0
internal import InferenceProtocol
internal import InferenceServing
internal import ModelDomain
internal import RequestTracing

extension FastRoute {
    /// What a prediction's span is called: the route, without what differs from request to request but its endpoint.
    var traceName: String {
        let verb =
            switch self {
            case .infer: "infer"
            case .explain: "explain"
            case .score: "score"
            default: "predict"
            }
        return endpoint.map { "\(verb) \($0)" } ?? verb
    }
}

extension RequestTrace {
    /// The answer is written.
    func endHTTP(
        _ head: AnswerHead, _ id: PredictionID, of call: InferenceCall? = nil, problem: Explanation? = nil
    ) {
        note("http.request.method", .text("POST"))
        note("http.response.status_code", .number(head.status))
        end(id, of: call, problem: problem)
    }
}
