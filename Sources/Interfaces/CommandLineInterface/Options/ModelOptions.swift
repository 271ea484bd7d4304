// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

/// Which model a command is about.
struct ModelOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The model.", valueName: "model"))
    var name: ModelName

    @Option(help: "The project that the model belongs to.")
    var project: ProjectName = .standard

    var reference: ModelReference { ModelReference(project: project, name: name) }
}
