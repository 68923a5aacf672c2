import { Command } from 'commander'
export const feedbackCommand = () => new Command('feedback')
