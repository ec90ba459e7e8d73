using System.CommandLine;

namespace IngressController.Cli;

/// <summary>The <c>--output</c> option: text for people, or JSON for programs.</summary>
internal static class OutputOption
{
    public static Option<string> Of(string description)
    {
        var option = new Option<string>("--output", "-o")
        {
            Description = description,
            HelpName = "text|json",
            DefaultValueFactory = _ => "text",
        };
        return option.AcceptOnlyFromAmong("text", "json");
    }

    public static bool IsJson(this ParseResult parsed, Option<string> output) => parsed.GetValue(output) == "json";
}
