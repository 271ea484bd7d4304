// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import TableTransforms
internal import Tensors

/// A condition whose value has been found.
struct RowCondition: Sendable {
    private enum Test: Sendable {
        case above(Double)
        case below(Double)
        case between(Double, Double)
        case numbers([Double])
        /// By their bits.
        case integers([UInt64])
        case texts([[UInt8]])
        case missing(Bool)
    }

    let table: Int
    private let slot: Int
    private let datatype: Datatype
    private let test: Test

    /// - Parameter field: The one that is tested; `nil` when only its being there is.
    init(
        _ test: GraphDescriptor.Test, table: Int, slot: Int, datatype: Datatype, text: String
    ) throws(GraphFault) {
        self.table = table
        self.slot = slot
        self.datatype = datatype
        let clash = { (what: String) in GraphFault("“\(text)” is \(datatype.rawValue), which \(what)") }
        if datatype == .bytes {
            switch test {
            case .oneOf(let values):
                let texts = values.compactMap(\.string)
                guard texts.count == values.count else { throw clash("is compared with texts only") }
                self.test = .texts(texts.map { Array($0.utf8) })
            case .missing(let flag): self.test = .missing(flag)
            default: throw clash("is neither above nor below a number")
            }
            return
        }
        switch test {
        case .above(let bound): self.test = .above(bound)
        case .below(let bound): self.test = .below(bound)
        case .between(let low, let high): self.test = .between(low, high)
        case .missing(let flag): self.test = .missing(flag)
        case .oneOf(let values) where datatype.liesAsBits:
            let integers = values.compactMap { value in
                datatype == .int64 ? value.integer.map { UInt64(bitPattern: $0) } : value.unsigned
            }
            guard integers.count == values.count else { throw clash("is compared with whole numbers only") }
            self.test = .integers(integers)
        case .oneOf(let values):
            let numbers = values.compactMap { value -> Double? in
                guard let number = value.bool.map({ $0 ? 1.0 : 0.0 }) ?? value.double, !number.isNaN else { return nil }
                // 0.1 means the FP32 that is nearest to it.
                return datatype.isFloatingPoint ? castNumber(number, from: .float64, to: datatype) ?? number : number
            }
            guard numbers.count == values.count else { throw clash("is compared with numbers only") }
            self.test = .numbers(numbers)
        }
    }

    func holds(_ values: [GraphValue], row: Int) -> Bool {
        let value = values[table]
        let place = value.place(row)
        if case .missing(let flag) = test { return (place < 0) == flag }
        guard place >= 0 else { return false }
        if case .texts(let texts) = test {
            return unsafe value.texts[slot].withBytes(place) { bytes in
                texts.contains { unsafe $0.elementsEqual(bytes) }
            }
        }
        let raw = value.number(slot, at: place)
        if case .integers(let integers) = test { return integers.contains(raw.bitPattern) }
        let number = datatype.liesAsBits ? castNumber(raw, from: datatype, to: .float64) ?? .nan : raw
        return switch test {
        case .above(let bound): number > bound
        case .below(let bound): number < bound
        case .between(let low, let high): low <= number && number <= high
        case .numbers(let numbers): numbers.contains(number)
        case .integers, .texts, .missing: false
        }
    }
}
