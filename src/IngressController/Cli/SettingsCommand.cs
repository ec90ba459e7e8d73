using System.CommandLine;
using IngressController.Admin;
using IngressController.Configuration;
using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;
using IngressController.Routing.Settings;

namespace IngressController.Cli;

/// <summary><c>settings</c>: what counts where an Ingress says nothing, from the same catalogue that reads it.</summary>
internal sealed class SettingsCommand
{
    private readonly Argument<string?> _name = new("NAME")
    {
        Description = "One setting. Default: all of them.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _output = OutputOption.Of("How they are written: text, a table, or json.");

    public SettingsCommand() => Command = new Command("settings", """
        List the global settings, which count where an Ingress says nothing, or everything about one of them. Each is a key of the
        ConfigMap of settings and an option of run: NAME is --NAME.
        """)
    {
        _name, _output,
    };

    public Command Command { get; }

    public async Task<int> RunAsync(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        var isJson = parsed.IsJson(_output);
        if (parsed.GetValue(_name) is not { } asked)
        {
            var views = RouteFeatures.Catalog.Settings.All.Select(SettingView.Of).ToArray();
            await terminal.Out.WriteAsync(isJson ? Json(views) : List(views));
            return 0;
        }

        var name = asked.TrimStart('-');
        if (RouteFeatures.Catalog.Settings.Find(name) is not { } found)
        {
            await terminal.ComplainAsync($"there is no setting \"{name}\"" + (RouteFeatures.Catalog.Settings.Nearest(name) is { } nearest
                ? $"; did you mean {nearest}?"
                : "; ingress-controller settings lists those that are"));
            return CommandLine.Failure;
        }

        var view = SettingView.Of(found);
        await terminal.Out.WriteAsync(isJson ? Json(view) : view.ToText());
        return 0;
    }

    private static string Json<T>(T value) => AdminJson.Write(value) + Environment.NewLine;

    private static string List(SettingView[] views) => TextTable.Format(
    [
        ["NAME", "VALUE", "DEFAULT", "MEANING"],
        .. views.Select(view => new[]
        {
            view.Name, TextTable.Cell(view.Value, 32), TextTable.Cell(view.Default, 24),
            TextTable.Cell(AnnotationVocabulary.FirstSentence(view.Documentation), 100),
        }),
    ]);
}

/// <summary>A global setting as the command shows it.</summary>
internal sealed record SettingView(string Name, string Value, string Default, string Flag, string EnvironmentVariable, string AppSettingsKey, string Documentation)
{
    public static SettingView Of(SettingKey key)
    {
        var option = RunOptions.All.Single(option => option.Name == key.Name);
        return new SettingView(
            key.Name, key.FormDescription, key.Default, option.Flag, option.EnvironmentVariable, option.AppSettingsKey, key.Documentation);
    }

    public string ToText() =>
        $"{Name}\n\n{TextTable.Wrap(Documentation, 110, "  ")}\n"
        + TextTable.Format(
            [["Value", Value], ["Default", Default], ["Flag", Flag], ["Environment", EnvironmentVariable], ["appsettings", AppSettingsKey]],
            "  ");
}
