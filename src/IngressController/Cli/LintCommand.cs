using System.CommandLine;
namespace IngressController.Cli;
internal static class LintCommand
{
    public static Command Create() => new("lint", "");
}
