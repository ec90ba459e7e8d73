using System.CommandLine;
using IngressController.Configuration;
using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;
using IngressController.Routing.Settings;
using IngressController.Views;

namespace IngressController.Cli;

/// <summary>The <c>settings</c> command: lists the global settings from the catalog that translation uses.</summary>
internal sealed class SettingsCommand
{
    private readonly Argument<string?> _name = new("NAME")
    {
        Description = "A setting. Default: all settings.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _output = OutputOption.Of("The output format: text (a table) or json.");

    public SettingsCommand() => Command = new Command("settings", """
        List the global settings, which apply where an Ingress does not set an annotation, or describe one of them. Each is a key of
        the settings ConfigMap and an option of run: NAME is --NAME.
        """)
    {
        _name, _output,
    };

    public Command Command { get; }

    public async Task<int> RunAsync(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        var isJson = parsed.IsJson(_output);
        if (parsed.GetValue(_name) is not { } argument)
        {
            var views = RouteFeatures.Catalog.Settings.All.Select(ViewOf).ToArray();
            await terminal.Out.WriteAsync(isJson ? Json(views) : List(views));
            return 0;
        }

        var name = argument.TrimStart('-');
        if (RouteFeatures.Catalog.Settings.Find(name) is not { } found)
        {
            await terminal.WriteErrorAsync($"there is no setting \"{name}\"" + (RouteFeatures.Catalog.Settings.Nearest(name) is { } nearest
                ? $"; did you mean {nearest}?"
                : "; run ingress-controller settings for a list"));
            return CommandLine.Failure;
        }

        var view = ViewOf(found);
        await terminal.Out.WriteAsync(isJson ? Json(view) : Text(view));
        return 0;
    }

    private static string Json<T>(T value) => ViewJson.Write(value) + Environment.NewLine;

    private static string List(SettingView[] views) => TextTable.Format(
    [
        ["NAME", "VALUE", "DEFAULT", "MEANING"],
        .. views.Select(view => new[]
        {
            view.Name, TextTable.Cell(view.Value, 32), TextTable.Cell(view.Default, 24),
            TextTable.Cell(AnnotationVocabulary.FirstSentence(view.Documentation), 100),
        }),
    ]);

    private static SettingView ViewOf(SettingKey key)
    {
        var option = RunOptions.All.Single(option => option.Name == key.Name);
        return new SettingView(
            key.Name, key.FormDescription, key.Default, option.Flag, option.EnvironmentVariable, option.AppSettingsKey, key.Documentation);
    }

    private static string Text(SettingView view) =>
        $"{view.Name}\n\n{TextTable.Wrap(view.Documentation, 110, "  ")}\n"
        + TextTable.Format(
            [["Value", view.Value], ["Default", view.Default], ["Flag", view.Flag], ["Environment", view.EnvironmentVariable], ["appsettings", view.AppSettingsKey]],
            "  ");
}
