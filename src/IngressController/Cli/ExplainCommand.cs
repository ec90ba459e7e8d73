using System.CommandLine;
using System.CommandLine.Parsing;
using IngressController.Configuration;
using IngressController.Explain;
using IngressController.Views;

namespace IngressController.Cli;

/// <summary>The <c>explain</c> command: explains the handling of a request by a running controller, or with manifests.</summary>
internal sealed class ExplainCommand
{
    private readonly Argument<string> _url = new("URL") { Description = "The URL that a client requests: http://HOST/PATH or https://HOST/PATH." };

    private readonly Option<string[]> _headers = new("--header", "-H")
    {
        Description = "A header of the request; can be repeated. Host replaces the host of the URL.",
        HelpName = "NAME:VALUE",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<string> _method = new("--method", "-X") { Description = "The method. Default: GET.", HelpName = "METHOD" };

    private readonly Option<string> _client = new("--client") { Description = "The IP address of the client. Default: 127.0.0.1.", HelpName = "IP" };

    private readonly Option<string> _admin = new("--admin")
    {
        Description = "The admin port of the controller. Default: --admin-port on this machine.",
        HelpName = "URL",
    };

    private readonly Option<bool> _allClasses = AllClassesOption.Create();

    private readonly Option<bool> _problems = new("--manifest-problems")
    {
        Description = "Print all problems of reading the manifests, not only those that can concern the URL.",
    };

    private readonly Option<string> _output = OutputOption.Of("The output format: text or json.");

    public ExplainCommand() => Command = new Command("explain", """
        Explain a request: the host and path that it matches and why others do not, what the policies of its Ingress do, and the
        result. Nothing is sent to a backend. It asks a running controller; with --manifests DIR it reads a folder instead, and the
        options apply as they do for run.
        """)
    {
        _url, _headers, _method, _client, _admin, _allClasses, _problems, _output,
    };

    public Command Command { get; }

    public async Task<int> RunAsync(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        try
        {
            var request = ExplainRequest.Parse(
                parsed.GetValue(_url)!, parsed.GetValue(_method), parsed.GetValue(_headers) ?? [], parsed.GetValue(_client));
            var explanation = await ExplainAsync(request, parsed, options, terminal, cancellation);
            await terminal.Out.WriteAsync(parsed.IsJson(_output)
                ? ViewJson.Write(explanation) + Environment.NewLine
                : ExplanationText.Format(explanation));
            return 0;
        }
        catch (FormatException error)
        {
            await terminal.WriteErrorAsync(error.Message);
            return CommandLine.UsageError;
        }
        catch (ExplainException error)
        {
            await terminal.WriteErrorAsync(error.Message);
            return CommandLine.Failure;
        }
    }

    private Task<Explanation> ExplainAsync(
        ExplainRequest request, ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        var admin = parsed.GetValue(_admin);
        if (options.Source.Manifests is { } folder)
        {
            return admin is null
                ? ManifestExplainer.ExplainAsync(
                    request, folder, parsed.Of(_allClasses, options), parsed.GetValue(_problems), terminal, cancellation)
                : throw new FormatException("--manifests and --admin cannot be combined: explain a folder or ask a controller");
        }

        RejectRunOptions(parsed);
        var address = admin ?? $"http://127.0.0.1:{options.Listener.AdminPort}";
        return Uri.TryCreate(address.EndsWith('/') ? address : $"{address}/", UriKind.Absolute, out var server) && server.Scheme is "http" or "https"
            ? AdminClient.ExplainAsync(server, request, cancellation)
            : throw new FormatException($"--admin: \"{address}\" is not a URL; write http://HOST:PORT");
    }

    /// <summary>Rejects options of <c>run</c>, which would be ignored: a running controller has its own.</summary>
    private void RejectRunOptions(ParseResult parsed)
    {
        Option[] accepted = [_headers, _method, _client, _admin, _output];
        var foreign = parsed.RootCommandResult.Children.Concat(parsed.CommandResult.Children).OfType<OptionResult>()
            .FirstOrDefault(result => !result.Implicit && !accepted.Contains(result.Option) && result.Option.Name != "--admin-port");
        if (foreign is not null)
            throw new FormatException($"{foreign.Option.Name}: applies only with --manifests; a running controller has its own options");
    }
}

/// <summary>A request cannot be explained; the message has the reason and the remedy.</summary>
internal sealed class ExplainException(string message, Exception? inner = null) : Exception(message, inner);
