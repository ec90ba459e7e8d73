using System.CommandLine;
using IngressController.Configuration;
using IngressController.Views;

namespace IngressController.Cli;

/// <summary>The <c>--all-classes</c> option of the commands that read manifests: every Ingress counts as the controller's own.</summary>
internal static class AllClassesOption
{
    public static Option<bool> Create() => new(UnclaimedClass.AllClasses)
    {
        Description = "Treat every Ingress in the manifests as one of this controller, whatever its class.",
    };

    /// <summary>The options of a command with or without <c>--all-classes</c>.</summary>
    public static IngressOptions Of(this ParseResult parsed, Option<bool> allClasses, IngressOptions options) => parsed.GetValue(allClasses)
        ? options with { Translation = options.Translation with { ClaimsEveryClass = true } }
        : options;
}
