using System.CommandLine;
using System.Text;
using IngressController.Admin;
using IngressController.Configuration;
using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;

namespace IngressController.Cli;

/// <summary><c>annotations</c>: what an Ingress can ask for, from the same catalogue that reads it.</summary>
internal sealed class AnnotationsCommand
{
    private readonly Argument<string?> _name = new("NAME")
    {
        Description = "One annotation, with or without prefix; an older name does as well. Default: all of them.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _output = OutputOption.Of("How they are written: text, a table by feature, or json.");

    public AnnotationsCommand() => Command = new Command("annotations", "List the annotations of an Ingress that mean something, or everything about one of them.")
    {
        _name, _output,
    };

    public Command Command { get; }

    public async Task<int> RunAsync(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        var views = RouteFeatures.Catalog.Annotations.Groups.SelectMany(group => group.Keys.Select(key => AnnotationView.Of(group.Name, key))).ToArray();
        var isJson = parsed.IsJson(_output);
        if (parsed.GetValue(_name) is not { } asked)
        {
            await terminal.Out.WriteAsync(isJson ? Json(views) : List(views));
            return 0;
        }

        var name = asked[(asked.IndexOf('/') + 1)..];
        if (RouteFeatures.Catalog.Annotations.Find(name) is not { } found)
        {
            await terminal.ComplainAsync($"there is no annotation \"{name}\"" + (RouteFeatures.Catalog.Annotations.Nearest(name) is { } nearest
                ? $"; did you mean {nearest}?"
                : "; ingress-controller annotations lists those that are"));
            return CommandLine.Failure;
        }

        var view = views.Single(candidate => candidate.Name == found.Name);
        await terminal.Out.WriteAsync(isJson ? Json(view) : view.ToText());
        return 0;
    }

    private static string Json<T>(T value) => AdminJson.Write(value) + Environment.NewLine;

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

        text.AppendLine("Written yarp.ingress.kubernetes.io/NAME or nginx.ingress.kubernetes.io/NAME. ingress-controller annotations NAME tells all about one.");
        return text.ToString();
    }
}

/// <summary>An annotation as the command shows it.</summary>
internal sealed record AnnotationView(
    string Group, string Name, string[] Aliases, string Value, string? Default, string Concerns, string OnBadValue, string Support, string Documentation)
{
    public static AnnotationView Of(string group, AnnotationKey key) => new(
        group, key.Name, [.. key.Aliases], key.FormDescription, key.Default, key.ScopeText, key.BadValueText, key.SupportText, key.Documentation);

    public string ToText() =>
        $"{Name} ({Group})\n\n{TextTable.Wrap(Documentation, 110, "  ")}\n"
        + TextTable.Format(
            [
                ["Value", Value],
                ["Default", Default ?? "none"],
                ["Concerns", Concerns],
                ["Bad value", OnBadValue],
                ["Support", Support],
                ["Also written", Aliases.Length == 0 ? "-" : string.Join(", ", Aliases)],
            ],
            "  ");
}
