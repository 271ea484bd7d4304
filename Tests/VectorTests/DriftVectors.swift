// SPDX-License-Identifier: Apache-2.0
import Statistics

let driftKinds: [VectorKind] = [
    VectorKind("driftBinning", driftBinning),
    VectorKind("driftCounts") { distances(try $0["ref"].integers, try $0["cur"].integers) },
    VectorKind("twoSample", optional: ["ksPScipyAsymp"], twoSample),
    VectorKind("categorical", categorical),
    VectorKind("moments", moments),
    VectorKind("multipleTesting", multipleTesting),
    VectorKind("eValues", eValues),
    VectorKind("pcaReconstruction", pcaReconstruction),
    VectorKind("domainClassifier", domainClassifier),
    VectorKind("referenceThresholds", referenceThresholds),
]

private func driftBinning(_ input: VectorValue) throws -> Outcome {
    let profile = NumericProfile(of: try input["baseline"].numbersOrMissing, binCount: try input["bins"].integer)
    let counter = BinCounter(profile)
    func counted(_ values: [Double]) -> BinCounts {
        var counts = counter.empty
        counter.count(values.span, into: &counts)
        return counts
    }
    let baseline = counted(try input["baseline"].numbersOrMissing)
    let current = counted(try input["current"].numbersOrMissing)
    guard baseline.distribution == profile.distribution else {
        return .text("the profile counts \(profile.distribution), the counter \(baseline.distribution)")
    }
    func outcome(_ counts: BinCounts) -> Outcome {
        let hasRange = profile.minimum != nil
        return .record([
            "counts": Outcome(counts.bins), "missing": .count(counts.missing),
            "negInf": .count(counts.negativeInfinities), "posInf": .count(counts.positiveInfinities),
            "belowMin": hasRange ? .count(counts.belowMinimum) : .undefined,
            "aboveMax": hasRange ? .count(counts.aboveMaximum) : .undefined,
        ])
    }
    return .record([
        "edges": .list((profile.bins?.edges ?? []).map(Outcome.exact)),
        "min": profile.minimum.map(Outcome.exact) ?? .undefined,
        "max": profile.maximum.map(Outcome.exact) ?? .undefined,
        "baseline": outcome(baseline), "current": outcome(current),
        "psiSmoothedWithMissingBin": Outcome(
            CountDistance(reference: profile.distribution, current: current.distribution)?.stability),
        "chi2PWithMissingBin": Outcome(
            HomogeneityTest(reference: profile.distribution, current: current.distribution)?.pValue()),
    ])
}

private func distances(_ reference: [Int], _ current: [Int]) -> Outcome {
    let distance = CountDistance(reference: reference, current: current)
    let test = HomogeneityTest(reference: reference, current: current)
    return .record([
        "psiSmoothed": Outcome(distance?.stability), "psiFloor": Outcome(distance?.flooredStability),
        "klCurRef": Outcome(distance?.divergence), "klRefCur": Outcome(distance?.reverseDivergence),
        "jsDivergenceNats": Outcome(distance?.jensenShannon),
        "jsDistanceBase2": Outcome(distance?.jensenShannonDistanceBase2),
        "jsDistanceBaseE": Outcome(distance?.jensenShannonDistance), "hellinger": Outcome(distance?.hellinger),
        "totalVariation": Outcome(distance?.totalVariation), "lInfinity": Outcome(distance?.largestDifference),
        "binnedKS": Outcome(distance?.kolmogorovSmirnov), "chi2": Outcome(test?.chiSquare),
        "chi2Dof": Outcome(test?.degreesOfFreedom), "chi2P": Outcome(test?.pValue()), "g": Outcome(test?.g),
        "gP": Outcome(test?.gPValue()), "cramersV": Outcome(test?.cramersV),
        "psiNullMean": Outcome(distance?.expectedByChance), "psiP": Outcome(distance?.stabilityPValue()),
        "approxValid": Outcome(test?.isApproximationValid),
    ])
}

private func twoSample(_ input: VectorValue) throws -> Outcome {
    let samples = SampleComparison(
        reference: try input["ref"].numbersOrMissing, current: try input["cur"].numbersOrMissing)
    let (rows, others) = (samples.reference.count, samples.current.count)
    let largest = samples.kolmogorovSmirnov
    // Evidently's unit; without it a constant reference has no unit at all.
    let floored = samples.wasserstein.flatMap { distance in
        samples.referenceDeviation.map { distance / max($0, 0.001) }
    }
    return .record([
        "nRef": .count(rows), "nCur": .count(others), "ks": Outcome(largest?.statistic),
        "ksPExact": Outcome(rows * others <= 20_000 ? largest?.exactPValue() : nil),
        "ksPLimit": Outcome(largest?.limitPValue), "ksPStephens": Outcome(largest?.pValue),
        "wasserstein": Outcome(samples.wasserstein), "wassersteinPerRefStd": Outcome(samples.wassersteinPerDeviation),
        "evidentlyWassersteinNorm": Outcome(floored), "mannWhitneyU": Outcome(samples.mannWhitney?.u),
        "mannWhitneyPAsymp": Outcome(samples.mannWhitney?.pValue),
        "clesCurGreater": Outcome(samples.mannWhitney?.commonLanguageEffect),
        "hodgesLehmann": Outcome(samples.hodgesLehmann),
    ])
}

private func categorical(_ input: VectorValue) throws -> Outcome {
    func texts(_ name: String) throws -> [[UInt8]?] {
        try input[name].list.map { try $0.ifPresent { Array(try $0.text.utf8) } }
    }
    let (reference, current) = (try texts("ref"), try texts("cur"))
    let comparison = CategoryComparison(
        reference: CategoricalProfile(of: reference), current: CategoricalProfile(of: current))
    func names(_ categories: [[UInt8]]) -> Outcome {
        .list(categories.map { .text(String(decoding: $0, as: UTF8.self)) })
    }
    let missing = comparison.missingDifference
    return .record([
        "categories": names(comparison.categories), "newCategories": names(comparison.newCategories),
        "refCounts": Outcome(comparison.referenceCounts), "curCounts": Outcome(comparison.currentCounts),
        "refMissing": .count(comparison.missing.reference), "curMissing": .count(comparison.missing.current),
        "missingRateRef": Outcome(comparison.missingRates.reference),
        "missingRateCur": Outcome(comparison.missingRates.current),
        "newCategoryRate": Outcome(comparison.newCategoryRate),
        "vanishedCategories": names(comparison.vanishedCategories),
        "distances": distances(comparison.referenceCounts, comparison.currentCounts),
        "missingRateZ": Outcome(missing?.z), "missingRateP": Outcome(missing?.pValue),
        "missingRateDiffCI95": missing?.newcombe().map { Outcome([$0.lower, $0.upper]) } ?? .undefined,
    ])
}

private func moments(_ input: VectorValue) throws -> Outcome {
    let values = try input["values"].numbersOrMissing
    let bounds = [0] + (try input["shardBoundaries"].integers) + [values.count]
    let whole = zip(bounds, bounds.dropFirst()).reduce(into: Moments()) { whole, bounds in
        whole.merge(values[bounds.0..<bounds.1].reduce(into: Moments()) { $0.add($1) })
    }
    return .record([
        "n": .count(whole.count), "missing": .count(whole.missing), "nonFinite": .count(whole.nonFinite),
        "mean": Outcome(whole.mean), "variance": Outcome(whole.variance),
        "populationVariance": Outcome(whole.populationVariance), "skewness": Outcome(whole.skewness),
        "excessKurtosis": Outcome(whole.excessKurtosis), "min": Outcome(whole.minimum), "max": Outcome(whole.maximum),
    ])
}

private func multipleTesting(_ input: VectorValue) throws -> Outcome {
    let tests = MultipleTests(try input["p"].numbers)
    let level = try input["alpha"].number
    func outcome(_ adjusted: [Double]) -> Outcome {
        .record(["adjusted": Outcome(adjusted), "rejected": Outcome(adjusted.map { $0 <= level })])
    }
    return .record([
        "bonferroni": outcome(tests.bonferroni), "holm": outcome(tests.holm),
        "benjaminiHochberg": outcome(tests.benjaminiHochberg), "benjaminiYekutieli": outcome(tests.benjaminiYekutieli),
        "fisher": .record(["statistic": Outcome(tests.fisher?.statistic), "p": Outcome(tests.fisher?.pValue)]),
        "bonferroniGlobalP": Outcome(tests.global),
    ])
}

private func eValues(_ input: VectorValue) throws -> Outcome {
    let values = try input["p"].numbers.map(eValue(ofPValue:))
    let runLength = try input["averageRunLength"].number
    var sum = EvidenceSum()
    var alarm: Int?
    var (products, sums): ([Double], [Double]) = ([], [])
    for (index, value) in values.enumerated() {
        // Stored and read again after every window.
        sum = EvidenceSum(logarithm: sum.logarithm, logProduct: sum.logProduct)
        sum.add(value)
        products.append(sum.logProduct)
        sums.append(sum.logarithm)
        if alarm == nil, sum.isAlarming(averageRunLength: runLength) { alarm = index }
    }
    return .record([
        "eValues": Outcome(values), "logProduct": Outcome(products), "logCusum": Outcome(sums),
        "firstAlarmIndex": Outcome(alarm), "meanEValue": Outcome(meanEValue(values)),
        "eBHRejectedAt0.1": Outcome(eBenjaminiHochberg(values, level: 0.1)),
    ])
}

private func pcaReconstruction(_ input: VectorValue) throws -> Outcome {
    guard
        let components = PrincipalComponents(
            of: try input["reference"].rows, explainedTarget: try input["explainedTarget"].number)
    else { return .undefined }
    return .record([
        "mean": Outcome(components.means), "std": Outcome(components.deviations),
        "explainedCumulative": Outcome(components.explained), "components": .count(components.components.count),
        "chunks": .list(
            try input["chunks"].list.map { chunk in
                let errors = components.reconstruction(of: try chunk.rows)
                let deviation = errors.variance?.squareRoot()
                return .record([
                    "mean": Outcome(errors.mean), "std": Outcome(deviation),
                    "standardError": Outcome(deviation.map { $0 / Double(errors.count).squareRoot() }),
                ])
            }),
    ])
}

private func domainClassifier(_ input: VectorValue) throws -> Outcome {
    let classifier = DomainClassifier(
        reference: try input["reference"].rows, current: try input["current"].rows, folds: try input["folds"].integer,
        strength: try input["C"].number)
    return .record([
        "auc": Outcome(classifier?.area), "z": Outcome(classifier?.z), "pOneSided": Outcome(classifier?.pValue),
        "fullFitWeights": classifier.map { Outcome($0.weights) } ?? .undefined,
        "fullFitIntercept": Outcome(classifier?.intercept),
    ])
}

private func referenceThresholds(_ input: VectorValue) throws -> Outcome {
    let thresholds = ReferenceThresholds(
        of: try input["values"].numbersOrMissing,
        deviationsBelow: try input["lowerMultiplier"].ifPresent { try $0.number },
        deviationsAbove: try input["upperMultiplier"].ifPresent { try $0.number },
        least: try input["lowerLimit"].ifPresent { try $0.number },
        largest: try input["upperLimit"].ifPresent { try $0.number })
    return .record(["lower": Outcome(thresholds.lower), "upper": Outcome(thresholds.upper)])
}
