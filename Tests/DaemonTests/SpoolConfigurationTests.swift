import Documents
import Engine
import Jobs
import OrderedCollections
import Spool
import Testing
import Workflow

@testable import Daemon

@Suite("A spool's configuration")
struct SpoolConfigurationTests {
    private func read(_ yaml: String) throws(DocumentError) -> SpoolConfiguration {
        try SpoolConfiguration(
            Document(Array(yaml.utf8), format: .yaml, name: "agentspool.yaml"),
            directory: "/etc/agentspool"
        )
    }

    /// A configuration with a member of most kinds that docs/formats.md, section 15 has.
    private static let good = """
        models:
          default:
            provider: openai
            base_url: http://127.0.0.1:11434/v1
            model: qwen3:8b
            api_key: {env: OPENAI_API_KEY}
            timeout: 60s
            parameters: {temperature: 0, max_tokens: 1024}
            price: {input: 0.15, cached_input: 0.075, output: 0.60}
            limits: {concurrency: 8}
        tools:
          find_order:
            description: Looks an order up by its number.
            command: [tools/find-order]
            parameters: {type: object, properties: {order: {type: string}}, required: [order]}
            effect: read
            timeout: 10s
          create_ticket:
            command: [tools/create-ticket]
            parameters: {type: object}
            effect: write
            check: [tools/find-ticket]
            approval: never
          send_mail: {command: [tools/mail]}
        workflows:
          triage:
            input: {type: object}
            limits: {cost_usd: 0.25, tokens: 40000, tool_calls: 20, duration: 10m}
            retry: {attempts: 5, initial: 2s, factor: 2, max: 5m}
            steps:
              - id: classify
                model: default
                system: You sort support tickets.
                prompt: "Ticket: {{input.text}}"
                output: {type: object, properties: {urgent: {type: boolean}}}
              - id: handle
                when: steps.classify.output.urgent
                agent: {model: default, system: Help., prompt: Handle it., tools: [find_order, create_ticket], max_turns: 12}
              - id: mail
                tool: send_mail
                arguments: {to: "{{input.user}}", body: "{{steps.handle.output}}"}
              - id: each
                for_each: input.items
                concurrency: 4
                steps: [{id: extract, prompt: "{{item}}"}]
            output: {ticket: "{{steps.handle.output}}"}
        queues:
          default: {workflow: prompt, concurrency: 4}
          tickets: {workflow: triage, concurrency: 8, priority: 7, max_size: 10MB, submitters: {users: [alice], groups: [support]}}
        workers: {concurrency: 16, stop_grace: 5s, short_wait: 1s, deaths: 2}
        index: /var/lib/agentspool/index.sqlite
        durability: files
        redact: [{pattern: 'sk-[A-Za-z0-9]{20,}'}, {path: input.card}]
        """

    @Test("A configuration with a member of most kinds is read")
    func good() throws {
        let configuration = try read(Self.good)
        #expect(configuration.catalog.workflows.keys == ["prompt", "triage"])
        let tickets = try #require(configuration.catalog.queues["tickets"])
        #expect(tickets.workflow == "triage" && tickets.concurrency == 8 && tickets.priority == 7)
        #expect(
            tickets.sizeMax == 10_000_000 && tickets.submitters == Submitters(users: ["alice"], groups: ["support"])
        )
        #expect(configuration.catalog.queues["default"]?.submitters == nil)
        #expect(configuration.engine.concurrency == 16 && configuration.engine.deathsMax == 2)
        #expect(configuration.engine.stopGrace == .seconds(5) && configuration.engine.shortWaitMax == .seconds(1))
        #expect(configuration.index == "/var/lib/agentspool/index.sqlite")
        #expect(configuration.durability == .files)
    }

    @Test("A workflow's definition records what the workflow uses, and nothing else")
    func definition() throws {
        let configuration = try read(Self.good)
        let prompt = try #require(configuration.catalog.workflows["prompt"]).definition
        #expect(prompt["models"]?.object?.keys == ["default"] && prompt["tools"] == [:])
        let triage = try #require(configuration.catalog.workflows["triage"]).definition
        #expect(triage["tools"]?.object?.keys == ["find_order", "create_ticket", "send_mail"])
        #expect(triage["models"]?["default"]?["api_key"] == ["env": "OPENAI_API_KEY"])
    }

    @Test("A workflow's definition records the MCP servers whose tools it uses, with the tools' settings")
    func servers() throws {
        let configuration = try read(
            """
            mcp_servers:
              time: {command: [mcp-server-time], tools: {now: {effect: read, approval: never}}}
              git: {command: [mcp-server-git]}
            workflows:
              a: {steps: [{id: a, tool: time.now}, {id: b, tool: time.then}]}
              b: {steps: [{id: a, for_each: [1], steps: [{id: c, tool: git.log}]}]}
            queues: {default: {workflow: a}}
            """
        )
        let workflows = configuration.catalog.workflows
        let time = try #require(workflows["a"]).definition["mcp_servers"]
        #expect(time?.object?.keys == ["time"])
        #expect(time?["time"]?["tools"] == ["now": ["effect": "read", "approval": "never"]])
        #expect(try #require(workflows["b"]).definition["mcp_servers"]?.object?.keys == ["git"])
        #expect(configuration.servers.map { configuration.toolNames(of: $0) } == [["now", "then"], ["log"]])
    }

    @Test("A configuration without queues has one, named default, with the workflow prompt")
    func defaults() throws {
        let yaml = "models: {default: {provider: scripted, script: a.yaml}}"
        let configuration = try read(yaml)
        #expect(configuration.catalog.queues.keys == ["default"])
        #expect(configuration.catalog.queues["default"]?.workflow == "prompt")
        #expect(configuration.index == nil && configuration.engine == EngineSettings())
    }

    @Test("A queue's settings say when it takes a drop, and which names")
    func drops() throws {
        let yaml =
            model + """
                queues:
                  a: {settle: 10s, settle_empty: 1m, ignore: ["*.bak", "copy of *"], accept: ["*.pdf"]}
                  b: {accept: "*.txt"}
                  c: {}
                """
        let queues = try read(yaml).catalog.queues
        #expect(queues["a"]?.settle == .seconds(10) && queues["a"]?.settleEmpty == .seconds(60))
        let pdf = try NamePattern("*.pdf")
        let ignored = [try NamePattern("*.bak"), try NamePattern("copy of *")]
        #expect(queues["a"]?.names == NameRules(ignore: ignored, accept: [pdf]))
        #expect(queues["b"]?.names == NameRules(accept: [try NamePattern("*.txt")]))
        #expect(queues["c"]?.settle == .zero && queues["c"]?.settleEmpty == .seconds(5))
        #expect(queues["c"]?.names == NameRules())
    }

    @Test("A relative path of the index begins at the configuration's directory")
    func relativeIndex() throws {
        let yaml = "models: {default: {provider: scripted, script: a.yaml}}\nindex: var/index.sqlite"
        #expect(try read(yaml).index == "/etc/agentspool/var/index.sqlite")
    }

    @Test("A wrong configuration is refused with the place and the reason", arguments: wrongConfigurations)
    func wrong(yaml: String, sentence: String) throws {
        let error = try #require(throws: DocumentError.self) { try read(yaml) }
        #expect("\(error)" == "agentspool.yaml:\(sentence)")
    }
}

private let model = "models: {default: {provider: scripted, script: a.yaml}}\n"
private let later = "this version does not do this yet; take it out"

private let wrongConfigurations: [(String, String)] = [
    ("", "1: models: the built-in workflow prompt needs a model named default"),
    ("- a", "1: an object with members was expected, not an array"),
    (model + "modells: {}", "2: modells: unknown member; did you mean \"models\"?"),
    (model + "retention: {done: 30d}", "2: retention: \(later)"),
    (
        model + "redact:\n  - {path: input.card}\n  - {path: imput.card}",
        "4: redact.1.path: a path begins with one of input, arguments, output, not with \"imput\""
    ),
    (
        model + "redact: [{pattern: '(a+)+'}]",
        "2: redact.0.pattern: a repeated group holds another repetition, which can take for ever; "
            + "write it without the group"
    ),
    (
        model + "redact: [{pattern: 'a*'}]",
        "2: redact.0.pattern: it matches the empty text, so it would hide nothing or everything"
    ),
    (model + "redact: [{}]", "2: redact.0: either pattern or path was expected"),
    (
        model + "redact: [{patern: a}]",
        "2: redact.0.patern: unknown member; did you mean \"pattern\"?"
    ),
    (
        model + "mcp_servers: {a_b: {command: [x]}}",
        "2: mcp_servers.a_b: a server's name has letters, digits and -, 32 at most"
    ),
    (
        model + "mcp_servers: {a: {command: [x]}}\ntools: {a__b: {command: [y]}}",
        "3: tools.a__b: a name that begins with \"a__\" is for tools of the MCP server \"a\""
    ),
    (
        model + "workflows: {w: {steps: [{id: a, tool: time.now}]}}",
        "2: workflows.w.steps.0.tool: there is no server \"time\" under mcp_servers"
    ),
    (
        model
            + "mcp_servers: {t: {command: [x]}}\nworkflows: {w: {steps: [{id: a, agent: {prompt: x, tools: [t.a.b, t.a_b]}}]}}",
        "3: workflows.w.steps.0.agent.tools: models would know \"t.a.b\" and \"t.a_b\" by the same name"
    ),
    (model + "durability: maybe", "2: durability: one of automatic, files, off was expected, not \"maybe\""),
    (model + "index: ''", "2: index: the path of a file was expected, not \"\""),
    (
        model + "queues:\n  default: {workflow: promt}",
        "3: queues.default.workflow: there is no workflow \"promt\""
    ),
    (
        model + "queues:\n  -x: {}",
        "3: queues.-x: a queue's name has letters, digits, ., - and _, 64 at most"
    ),
    (
        model + "queues:\n  a: {concurrency: 0}",
        "3: queues.a.concurrency: a whole number from 1 to 10000 was expected, not 0"
    ),
    (
        model + "queues:\n  a: {priority: 10}",
        "3: queues.a.priority: a whole number from 0 to 9 was expected, not 10"
    ),
    (
        model + "queues:\n  a: {max_size: 10 apples}",
        "3: queues.a.max_size: a size such as 64KB, 10MB or 1GiB was expected, not \"10 apples\""
    ),
    (
        model + "queues:\n  a: {settle: soon}",
        "3: queues.a.settle: a duration such as 90s, 15m, 2h or 7d was expected, not \"soon\""
    ),
    (
        model + "queues:\n  a:\n    ignore:\n      - '*.bak'\n      - '[a'",
        "6: queues.a.ignore.1: [a has a [ without its ]"
    ),
    (
        model + "queues:\n  a: {accept: '*.{pdf,txt}'}",
        "3: queues.a.accept: *.{pdf,txt} has braces, which mean nothing here; write one pattern for each ending"
    ),
    (
        model + "queues:\n  a: {accept: []}",
        "3: queues.a.accept: an empty list takes no file at all; leave it out to take every name"
    ),
    (
        model + "queues:\n  a: {accept: [.pdf]}",
        "3: queues.a.accept.0: names that begin with a dot are left alone always; did you mean \"*.pdf\"?"
    ),
    (model + "queues:\n  a: {ignore: [1]}", "3: queues.a.ignore: a list of strings was expected, not [1]"),
    (
        model + "queues:\n  a: {max_size: -5}",
        "3: queues.a.max_size: a size such as 64KB, 10MB or 1GiB was expected, not -5"
    ),
    (
        model + "queues:\n  a: {submitters: {group: [support]}}",
        "3: queues.a.submitters.group: unknown member; did you mean \"groups\"?"
    ),
    (
        model + "workers: {stop_grace: 5}",
        "2: workers.stop_grace: a duration such as 90s, 15m, 2h or 7d was expected, not 5"
    ),
    (
        model + "tools: {a.b: {command: [x]}}",
        "2: tools.a.b: a tool's name has letters, digits, - and _, 64 at most"
    ),
    (
        model + "tools: {a: {command: [x], approval: {when: amount}}}",
        "2: tools.a.approval.when: \"amount\" refers to nothing; a reference begins with arguments"
    ),
    (
        model + "workflows:\n  w:\n    steps: [{id: a, tool: none}]",
        "4: workflows.w.steps.0.tool: there is no tool \"none\" under tools"
    ),
    (
        "queues: {a: {}}",
        "1: queues.a.workflow: the built-in workflow prompt needs a model named default"
    ),
    (model + "queues: {a: {}\n", "3: not valid YAML: did not find expected ',' or '}'"),
]
