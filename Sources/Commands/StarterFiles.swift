import Documents

/// What `agentspool init` puts into a new spool.
enum StarterFiles {
    static let all = [
        ("agentspool.yaml", configuration), ("scripted-model.yaml", script), ("README.txt", readMe),
    ]

    static let configuration = """
        # AgentSpool's configuration. `agentspool check` reads it and says what each queue would do; `agentspool reload` has
        # a running daemon work with it.

        models:
          # The scripted model is no model: it answers by the rules of its script, so that workflows can be tried
          # without one. For a real one take it out and the next block in.
          default:
            provider: scripted
            script: scripted-model.yaml

          # default:
          #   provider: openai                      # any server that speaks chat completions: Ollama, llama.cpp, vLLM …
          #   base_url: http://127.0.0.1:11434/v1
          #   model: qwen3:8b
          #   api_key: {env: OPENAI_API_KEY}        # or {credential: NAME} (systemd), {file: PATH}; never the key itself
          #   timeout: 60s
          #   parameters: {temperature: 0, max_tokens: 1024}
          #   price: {input: 0.15, cached_input: 0.075, output: 0.60}     # USD per million tokens
          #   limits: {concurrency: 8}

        # Tools are commands: their arguments come as JSON on standard input, their output is JSON or text on standard
        # output. Exit status 0 is success, 75 asks for another try, any other fails for good.
        # tools:
        #   find_order:
        #     description: Looks an order up by its number.
        #     command: [tools/find-order]           # relative to this file
        #     parameters: {type: object, properties: {order: {type: string}}, required: [order]}
        #     effect: read                          # read | idempotent | write (the default)
        #     timeout: 10s
        #   create_ticket:
        #     command: [tools/create-ticket]
        #     check: [tools/find-ticket]            # did it happen? 0: yes, 1: no. Without one a person is asked
        #     approval: always                      # or {when: arguments.amount > 100, expires: 2d, on_expiry: deny}

        # `prompt` is built in: one model call with input.prompt, or input.text.
        # workflows:
        #   triage:
        #     limits: {cost_usd: 0.25, tokens: 40000, tool_calls: 20, turns: 30, duration: 10m}
        #     retry: {attempts: 5, initial: 2s, factor: 2, max: 5m}
        #     steps:
        #       - id: classify
        #         system: You sort support tickets.
        #         prompt: "Ticket: {{input.text}}"
        #         output: {type: object, properties: {urgent: {type: boolean}}, required: [urgent]}
        #       - id: handle
        #         when: steps.classify.output.urgent
        #         agent: {prompt: "Handle this ticket: {{input.text}}", tools: [find_order], max_turns: 12}
        #     output: {answer: "{{steps.handle.output}}"}

        # Each queue is a directory below inbox/.
        queues:
          default: {workflow: prompt, concurrency: 4}

        workers: {concurrency: 16}                  # jobs at the same time, all queues together

        """

    static let script = """
        # Rules of the scripted model; the first that matches answers. `when` is a regular expression on the last message,
        # `turn` and `system` can be given, too; then one of reply, json, tool_calls and fail.
        - when: haiku
          reply: |-
            Two names, one moment
            the old one gone, the new one
            whole before you look
        - reply: "(the scripted model has no rule for this prompt)"

        """

    static let readMe = """
        A spool of AgentSpool.

          inbox/<queue>/    drop files here: job documents (.json, .yaml), batch files (.jsonl), or any other file
          done/<day>/       finished jobs, each a directory with job.*, history.jsonl and result.json
          failed/<day>/     failed and cancelled jobs; error.txt says what to do
          rejected/<day>/   drops that were no job, each with a .reason.txt
          held/             jobs that wait for a person
          deferred/         jobs that wait for a retry or a start time
          processing/       jobs that a node works on
          tmp/              write here, then rename into an inbox: the daemon never sees half a file

        Start the daemon with `agentspool run --spool .`, then try

          echo "Write a haiku about rename(2)" > inbox/default/haiku.txt

        """
}
