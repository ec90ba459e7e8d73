using System.CommandLine;
using System.Text;
using IngressController.Configuration;
using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;
using IngressController.Views;

namespace IngressController.Cli;

/// <summary>The <c>annotations</c> command: lists the annotations from the catalog that translation uses.</summary>
internal sealed class AnnotationsCommand
{
    private readonly Argument<string?> _name = new("NAME")
    {
        Description = "An annotation, with or without prefix; aliases are accepted. Default: all annotations.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _output = OutputOption.Of("The output format: text (a table per feature) or json.");

    public AnnotationsCommand() => Command = new Command("annotations", "List the annotations of Ingresses, or describe one of them.")
    {
        _name, _output,
    };

    public Command Command { get; }

    public async Task<int> RunAsync(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        var views = RouteFeatures.Catalog.Annotations.Groups.SelectMany(group => group.Keys.Select(key => AnnotationView.Of(group.Name, key))).ToArray();
        var isJson = parsed.IsJson(_output);
        if (parsed.GetValue(_name) is not { } argument)
        {
            await terminal.Out.WriteAsync(isJson ? Json(views) : List(views));
            return 0;
        }

        var name = argument[(argument.IndexOf('/') + 1)..];
        if (RouteFeatures.Catalog.Annotations.Find(name) is not { } found)
        {
            await terminal.WriteErrorAsync($"there is no annotation \"{name}\"" + (RouteFeatures.Catalog.Annotations.Nearest(name) is { } nearest
                ? $"; did you mean {nearest}?"
                : "; run ingress-controller annotations for a list"));
            return CommandLine.Failure;
        }

        var view = views.Single(candidate => candidate.Name == found.Name);
        await terminal.Out.WriteAsync(isJson ? Json(view) : Text(view));
        return 0;
    }

    private static string Json<T>(T value) => ViewJson.Write(value) + Environment.NewLine;

    private static string List(AnnotationView[] views)
    {
        var text = new StringBuilder();
        foreach (var group in views.GroupBy(view => view.Group))
        {
            text.AppendLine(group.Key);
            text.AppendLine(TextTable.Format(
                [.. group.Select(view => new[]
                {
                    view.Name, TextTable.Cell(view.Value, 32), TextTable.Cell(view.Default ?? "-", 16),
                    TextTable.Cell(AnnotationVocabulary.FirstSentence(view.Documentation), 100),
                })],
                "  "));
        }

        text.AppendLine("Write yarp.ingress.kubernetes.io/NAME or nginx.ingress.kubernetes.io/NAME. Run ingress-controller annotations NAME for a description.");
        return text.ToString();
    }

    private static string Text(AnnotationView view) =>
        $"{view.Name} ({view.Group})\n\n{TextTable.Wrap(view.Documentation, 110, "  ")}\n"
        + TextTable.Format(
            [
                ["Value", view.Value],
                ["Default", view.Default ?? "none"],
                ["Scope", view.Concerns],
                ["Invalid value", view.OnBadValue],
                ["Support", view.Support],
                ["Aliases", view.Aliases.Length == 0 ? "-" : string.Join(", ", view.Aliases)],
            ],
            "  ");
}
