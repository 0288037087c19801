import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Workflow

@Suite struct WorkflowDefinitionTests {
    private let bench = WorkflowFixture(tools: [FakeTool("find", .read)])

    @Test func `a workflow of all kinds of steps is read, and lists the models and tools that it uses`() throws {
        let workflow = try bench.definition(
            """
            description: All of it.
            input: {type: object}
            limits: {tokens: 5}
            retry: {attempts: 2}
            steps:
              - {id: a, prompt: "{{input.text}}", retry: {attempts: 9}}
              - {id: b, when: steps.a.output, tool: find, arguments: {x: "{{steps.a.output}}"}}
              - {id: c, agent: {prompt: go, tools: [find], max_turns: 3}}
              - {id: d, for_each: input.items, concurrency: 2, steps: [{id: a, prompt: "{{item}} {{index}} {{steps.c.output}}"}]}
              - {id: e, for_each: "{{ input.items }}", steps: [{id: a, prompt: x}]}
              - {id: f, for_each: [1, "{{input.n}}"], steps: [{id: a, prompt: x}]}
            output: "{{steps.d.output}}"
            """
        )
        #expect(workflow.steps.map(\.id) == ["a", "b", "c", "d", "e", "f"])
        #expect(workflow.steps[0].retry.attempts == 9 && workflow.steps[1].retry.attempts == 2)
        #expect(workflow.modelNames == ["default"] && workflow.toolNames == ["find"])
        #expect(workflow.limits.tokens == 5 && workflow.inputSchema != nil)
    }

    @Test(arguments: [
        ("{}", "1: steps: at least one step was expected"),
        ("steps: []", "1: steps: at least one step was expected"),
        ("step: []", "1: step: unknown member; did you mean \"steps\"?"),
        ("steps:\n  - {prompt: x}", "2: steps.0.id: is missing"),
        (
            "steps:\n  - {id: 'a b', prompt: x}",
            "2: steps.0.id: a name of letters, digits, - and _ was expected, not \"a b\""
        ),
        (
            "steps:\n  - {id: a/b, prompt: x}",
            "2: steps.0.id: a name of letters, digits, - and _ was expected, not \"a/b\""
        ),
        ("steps:\n  - {id: a, prompt: x}\n  - {id: a, prompt: x}", "3: steps.1.id: there are two steps \"a\""),
        (
            "steps:\n  - {id: a}",
            "2: steps.0: the step \"a\" needs exactly one of prompt, tool, agent, approval and for_each"
        ),
        (
            "steps:\n  - {id: a, prompt: x, tool: find}",
            "2: steps.0: the step \"a\" needs exactly one of prompt, tool, agent, approval and for_each"
        ),
        ("steps:\n  - {id: a, tool: fnid}", "2: steps.0.tool: there is no tool \"fnid\" under tools"),
        ("steps:\n  - {id: a, prompt: x, model: big}", "2: steps.0.model: there is no model \"big\" under models"),
        (
            "steps:\n  - {id: a, prompt: x, max_turns: 2}",
            "2: steps.0.max_turns: unknown member; known here: id, when, retry, model, "
        ),
        ("steps:\n  - {id: a, agent: {}}", "2: steps.0.agent.prompt: is missing"),
        (
            "steps:\n  - {id: a, agent: {prompt: x, tools: [nope]}}",
            "2: steps.0.agent.tools: there is no tool \"nope\" under tools"
        ),
        (
            "steps:\n  - {id: a, agent: {prompt: x, max_turns: 0}}",
            "2: steps.0.agent.max_turns: a whole number from 1 to 1000 was expected, not 0"
        ),
        (
            "steps:\n  - id: a\n    prompt: \"{{steps.b.output}}\"\n  - {id: b, prompt: x}",
            "3: steps.0.prompt: \"steps.b.output\" refers to no step before this one; there is none"
        ),
        (
            "steps:\n  - {id: a, prompt: x}\n  - id: b\n    prompt: \"{{steps.b.output}}\"",
            "4: steps.1.prompt: \"steps.b.output\" refers to no step before this one; there are a"
        ),
        ("steps:\n  - {id: a, prompt: x, when: 'a b'}", "2: steps.0.when: \"a\" refers to nothing;"),
        ("steps:\n  - {id: a, prompt: x, output: {type: strin}}", "2: steps.0.output: #/type"),
        ("steps:\n  - {id: a, for_each: input.x}", "2: steps.0.steps: at least one step was expected"),
        ("steps:\n  - {id: a, for_each: 5, steps: []}", "2: steps.0.for_each: a string was expected, not 5"),
        (
            "steps:\n  - {id: a, for_each: input x, steps: [{id: b, prompt: x}]}",
            "2: steps.0.for_each: a reference such as input.items, or a list, was expected, not \"input x\""
        ),
        (
            "steps:\n  - {id: a, for_each: '', steps: [{id: b, prompt: x}]}",
            "2: steps.0.for_each: a reference such as input.items, or a list, was expected, not \"\""
        ),
        (
            "steps:\n  - {id: a, for_each: inptu.x, steps: [{id: b, prompt: x}]}",
            "2: steps.0.for_each: \"inptu.x\" refers to nothing"
        ),
        (
            "steps:\n  - {id: a, for_each: input.x, concurrency: 0, steps: [{id: b, prompt: x}]}",
            "2: steps.0.concurrency: a whole"
        ),
        (
            "steps:\n  - {id: a, for_each: input.x, steps: [{id: b, prompt: x}]}\n  - {id: c, prompt: '{{steps.b.output}}'}",
            "3: steps.1.prompt: \"steps.b.output\" refers to no step before this one; there are a"
        ),
        (
            "steps:\n  - {id: a, prompt: x}\noutput: {x: '{{steps.b.output}}'}",
            "3: output.x: \"steps.b.output\" refers to no step"
        ),
        (
            "steps:\n  - {id: a, prompt: x, retry: {attempts: 0}}",
            "2: steps.0.retry.attempts: a whole number from 1 to 100"
        ),
        ("limits: {tokens: x}\nsteps: []", "1: limits.tokens: a whole number"),
    ])
    func `a wrong workflow is refused with line, member and reason`(yaml: String, expected: String) throws {
        let error = try #require(errorText { try bench.definition(yaml) })
        #expect(error.hasPrefix("c.yaml:\(expected)"), "\(error)")
    }

    @Test func `for_each may be nested four deep and no deeper`() throws {
        let nested = { (depth: Int) in
            (0..<depth).reduce("[{id: x, prompt: x}]") { inner, _ in "[{id: e, for_each: input.x, steps: \(inner)}]" }
        }
        _ = try bench.definition("steps: \(nested(4))")
        #expect(
            errorText { try bench.definition("steps: \(nested(5))") }?.contains(
                "for_each is nested deeper than 4 levels"
            ) == true
        )
    }
}
